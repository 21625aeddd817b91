"""What the paper leaves open, measured one factor at a time around a base (docs/adr/0002).

    python experiments/open_points.py --output runs/open_points --seeds 0,1,2 --jobs 2

trains every variant in two regimes on two data sets (what is there already is not trained again)
and writes a table of mean +- standard deviation beside the runs. Needs TSSD_DATA.
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

LITERAL_NORM = "tssd.objectives.EuclideanNorm"
NO_RESET_GRADIENT = "{class_path: tssd.LIF, init_args: {detach_reset: true}}"


def both(option: str, value: str) -> list[str]:
    """One option on the temporal and on the spatial term."""
    return [f"--objectives.{term}.{option}={value}" for term in ("temporal", "spatial")]


# Name -> (recipe, overrides). The base: mean square, attached teachers, task on both means, weak
# classifier after the second stage with a cross entropy of its own, reset gradient, pooled BN.
VARIANTS: dict[str, tuple[str, list[str]]] = {
    "vanilla, trained at T=2": ("vanilla_ts", []),
    "vanilla, trained at T=4": ("vanilla_tt", []),
    "base": ("tssd", []),
    "teachers detached": ("tssd", both("detach_teacher", "true")),
    "task on student": ("tssd", ["--objectives.task.span=student"]),
    "task on teacher": ("tssd", ["--objectives.task.span=teacher"]),
    "Euclidean norm": ("tssd", both("distance", LITERAL_NORM)),
    "squared norm": ("tssd", both("distance", "tssd.objectives.SquaredNorm")),
    "no CE on weak classifier": ("tssd", ["--objectives.exit_task=null"]),
    "literal reading": (
        "tssd",
        [
            "--objectives.task.span=student",
            "--objectives.exit_task=null",
            *both("distance", LITERAL_NORM),
            *both("detach_teacher", "true"),
        ],
    ),
    "weights ramped": ("tssd", []),
    "weak classifier after stage 1": ("tssd", ["TAP=0"]),
    "weak classifier after stage 3": ("tssd", ["TAP=2"]),
    "reset gradient off": ("tssd", [f"--net.neuron={NO_RESET_GRADIENT}"]),
    "BN statistics per step": ("tssd", ["--net.norm=tssd.norms.per_step_batch_norm"]),
}
# The variants that the first trial found to matter most are tried on the second data set, too.
SECOND = list(VARIANTS)[:10]
REGIMES = {"scarce": 25, "short": 4}  # epochs
PLAN = [
    *product(["cifar10_jpeg"], REGIMES, VARIANTS),
    *product(["fashion_mnist"], REGIMES, SECOND),
]


def overrides(variant: str, regime: str) -> list[str]:
    """Command-line options of one variant."""
    options = [f"--trainer.epochs={REGIMES[regime]}", "--trainer.progress=false"]
    for option in VARIANTS[variant][1]:
        if option.startswith("TAP="):
            tap = option.removeprefix("TAP=")
            options += [f"--objectives.{term}.tap={tap}" for term in ("spatial", "exit_task")]
        else:
            options.append(option)
    if variant == "weights ramped":
        options += both("ramp_epochs", str(REGIMES[regime] / 4))
    return options


def train(output: Path, dataset: str, regime: str, variant: str, seed: int) -> dict:
    """Results of one run, trained if it is not there."""
    slug = variant.replace(" ", "_").replace(",", "").replace("=", "")
    folder = output / dataset / regime / slug / f"seed{seed}"
    if not (folder / "results.json").exists():
        recipe = f"{dataset}/{regime}/{VARIANTS[variant][0]}"
        command = [sys.executable, "-m", "tssd", "train", recipe, "--resume"]
        command += ["--output", str(folder), f"--seed={seed}", *overrides(variant, regime)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"{folder}: {done.stderr.strip()[-300:]}", flush=True)
            return {}
    results = json.loads((folder / "results.json").read_text())
    accuracy = [f"{100 * a:.1f}" for a in results["best"]["accuracy"]]
    print(dataset, regime, variant, seed, *accuracy, flush=True)
    return results


def table(output: Path, done: dict[tuple, dict]) -> None:
    """Mean and standard deviation over the seeds, as CSV."""
    rows = []
    for dataset, regime, variant in PLAN:
        runs = [r for key, r in done.items() if key[:3] == (dataset, regime, variant) and r]
        row = {"dataset": dataset, "regime": regime, "variant": variant, "seeds": len(runs)}
        for t in (1, 2, 4) if runs else ():
            values = [100 * r["best"]["accuracy"][t - 1] for r in runs]
            row[f"T={t}"] = round(statistics.mean(values), 2)
            row[f"T={t} std"] = round(statistics.stdev(values), 2) if len(values) > 1 else ""
        rows.append(row)
    columns = ["dataset", "regime", "variant", "seeds"]
    columns += [f"T={t}{kind}" for t in (1, 2, 4) for kind in ("", " std")]
    with (output / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Train everything, seed by seed, and write the table after each seed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("runs/open_points"))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side, a thread each")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    done: dict[tuple, dict] = {}
    for seed in [int(s) for s in args.seeds.split(",")]:
        with ThreadPoolExecutor(args.jobs) as pool:
            keys = [(*entry, seed) for entry in PLAN]
            results = pool.map(lambda key: train(args.output, *key), keys)
            done.update(zip(keys, results, strict=True))
        table(args.output, done)


if __name__ == "__main__":
    main()
