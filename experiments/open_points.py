"""What the paper leaves open, measured one factor at a time around a base (docs/adr/0002).

    python experiments/open_points.py --output runs/open_points --seeds 0,1,2 --jobs 2

trains every variant in two regimes on two data sets (what is there already is not trained again)
and writes a table of mean +- standard deviation beside the runs. Needs TSSD_DATA.

The table has the last epoch's accuracy, where the learning rate has come down to zero: the few
validation images of these small runs choose a best epoch almost by chance.
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

EUCLIDEAN = "tssd.objectives.EuclideanNorm"
NO_RESET_GRADIENT = "{class_path: tssd.LIF, init_args: {detach_reset: true}}"


def both(option: str, value: str) -> list[str]:
    """One option on the temporal and on the spatial term."""
    return [f"--objectives.{term}.{option}={value}" for term in ("temporal", "spatial")]


# Name -> (recipe, overrides). The base: mean square, attached teachers, task on both means, exit
# after the second stage with a cross entropy of its own, reset gradient, pooled BN.
VARIANTS: dict[str, tuple[str, list[str]]] = {
    "vanilla, trained at T=2": ("vanilla_ts", []),
    "vanilla, trained at T=4": ("vanilla_tt", []),
    "base": ("tssd", []),
    "teachers detached": ("tssd", both("detach_teacher", "true")),
    "task on student": ("tssd", ["--objectives.task.span=student"]),
    "task on teacher": ("tssd", ["--objectives.task.span=teacher"]),
    "Euclidean norm": ("tssd", both("distance", EUCLIDEAN)),
    "squared norm": ("tssd", both("distance", "tssd.objectives.SquaredNorm")),
    "no CE on exit": ("tssd", ["--objectives.exit_task=null"]),
    "literal reading": (
        "tssd",
        [
            "--objectives.task.span=student",
            "--objectives.exit_task=null",
            *both("distance", EUCLIDEAN),
            *both("detach_teacher", "true"),
        ],
    ),
    "weights ramped": ("tssd", []),
    "exit after stage 1": ("tssd", ["--exits.taps=[0]"]),
    "exit after stage 3": ("tssd", ["--exits.taps=[2]"]),
    "reset gradient off": ("tssd", [f"--net.neuron={NO_RESET_GRADIENT}"]),
    "BN statistics per step": ("tssd", ["--net.norm=tssd.norms.per_step_batch_norm"]),
}
# The variants that matter most on the first data set are tried on the second one, too.
SECOND = [
    "vanilla, trained at T=2",
    "vanilla, trained at T=4",
    "base",
    "teachers detached",
    "task on teacher",
    "no CE on exit",
]
RAMP = {"scarce": 6, "short": 1}  # epochs, about a quarter or a third of the training
PLAN = [
    *product(["cifar10_jpeg"], RAMP, VARIANTS),
    *product(["fashion_mnist"], RAMP, SECOND),
]


def overrides(variant: str, regime: str) -> list[str]:
    """Command-line options of one variant."""
    options = list(VARIANTS[variant][1])
    if variant == "weights ramped":
        options += both("ramp_epochs", str(RAMP[regime]))
    return options


def train(output: Path, dataset: str, regime: str, variant: str, seed: int) -> dict:
    """Results of one run, trained if it is not there."""
    recipe = f"{dataset}/{regime}/{VARIANTS[variant][0]}"
    options = overrides(variant, regime)
    # A recipe as it is has the folder that `tssd compare --output` would give it.
    name = f"{recipe}-{variant.replace(' ', '-')}" if options else recipe
    folder = output / name / f"seed{seed}"
    if not (folder / "results.json").exists():
        command = [sys.executable, "-m", "tssd", "train", recipe, "--resume"]
        command += ["--output", str(folder), f"--seed={seed}", "--trainer.progress=false", *options]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"{folder}: {done.stderr.strip()[-300:]}", flush=True)
            return {}
    results = json.loads((folder / "results.json").read_text())
    accuracy = [f"{100 * a:.1f}" for a in results["last"]["accuracy"]]
    print(dataset, regime, variant, seed, *accuracy, flush=True)
    return results


def table(output: Path, done: dict[tuple, dict]) -> None:
    """Mean and standard deviation over the seeds, as CSV and Markdown."""
    rows = []
    for dataset, regime, variant in PLAN:
        runs = [r for key, r in done.items() if key[:3] == (dataset, regime, variant) and r]
        row = {"dataset": dataset, "regime": regime, "variant": variant, "seeds": len(runs)}
        for t in (1, 2, 4) if runs else ():
            values = [100 * r["last"]["accuracy"][t - 1] for r in runs]
            row[f"T={t}"] = round(statistics.mean(values), 2)
            row[f"T={t} std"] = round(statistics.stdev(values), 2) if len(values) > 1 else ""
        rows.append(row)
    columns = ["dataset", "regime", "variant", "seeds"]
    columns += [f"T={t}{kind}" for t in (1, 2, 4) for kind in ("", " std")]
    with (output / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    lines = ["| data | regime | variant | seeds | T = 1 | T = 2 | T = 4 |"]
    lines.append("| --- | --- | --- | ---: | ---: | ---: | ---: |")
    for row in rows:
        cells = [f"{row[f'T={t}']} ± {row[f'T={t} std']}" for t in (1, 2, 4) if f"T={t}" in row]
        names = [row["dataset"], row["regime"], row["variant"], str(row["seeds"])]
        lines.append("| " + " | ".join([*names, *cells]) + " |")
    (output / "table.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Train everything, seed by seed, and write the table after each seed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("runs/open_points"))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side, a thread each")
    parser.add_argument("--datasets", default="cifar10_jpeg,fashion_mnist")
    args = parser.parse_args()
    plan = [entry for entry in PLAN if entry[0] in args.datasets.split(",")]
    args.output.mkdir(parents=True, exist_ok=True)
    done: dict[tuple, dict] = {}
    for seed in [int(s) for s in args.seeds.split(",")]:
        with ThreadPoolExecutor(args.jobs) as pool:
            keys = [(*entry, seed) for entry in plan]
            results = pool.map(lambda key: train(args.output, *key), keys)
            done.update(zip(keys, results, strict=True))
        table(args.output, done)


if __name__ == "__main__":
    main()
