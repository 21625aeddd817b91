"""Why TSSD's confidence is far below its accuracy: one factor at a time on handwritten digits.

    python experiments/calibration.py --output runs/calibration --seeds 0,1,2

trains every variant (what is there already is not trained again; half a minute each on one core)
and writes a table of mean +- standard deviation over the seeds, of the last epoch at T_s, which is
4 of the vanilla network trained at T = 4, and 1 of all others:

- accuracy and mean confidence on the test samples, in per cent;
- expected calibration error over 15 bins of equal width, in per cent;
- spread: standard deviation of a sample's logits over the classes, mean over the samples;
- temperature: the logits divided by it have the least cross entropy on the validation samples;
  below 1 the network is not sure enough;
- the calibration error on the test samples after this division.
"""

import argparse
import statistics
from pathlib import Path

import torch
from torch import Tensor

from tssd.config import build, load_recipe
from tssd.objectives import as_sequence
from tssd.reopened.open_run import load_parts
from tssd.training.fit import fit

NORM = "{class_path: tssd.objectives.TemperatureKL, init_args: {temperature: 1.0}}"


def objective(name: str, option: str, value: str) -> tuple[str, str]:
    """An option of one objective."""
    return (f"objectives.{name}.{option}", value)


# What each changes on the recipe digits/tssd.
VARIANTS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "vanilla, trained at T = 1": ("digits/vanilla_ts", []),
    "vanilla, trained at T = 4": ("digits/vanilla_tt", []),
    "TSSD": ("digits/tssd", []),
    "without the temporal term": ("digits/tssd", [("objectives.temporal", "null")]),
    "without the spatial term": ("digits/tssd", [("objectives.spatial", "null")]),
    "without both": (
        "digits/tssd",
        [("objectives.temporal", "null"), ("objectives.spatial", "null")],
    ),
    "temporal teacher detached": ("digits/tssd", [objective("temporal", "detach_teacher", "true")]),
    "spatial teacher detached": ("digits/tssd", [objective("spatial", "detach_teacher", "true")]),
    "spatial weight 0.25": ("digits/tssd", [objective("spatial", "weight", "0.25")]),
    "spatial distance KL": ("digits/tssd", [objective("spatial", "distance", NORM)]),
}
HEAD = ("accuracy %", "confidence %", "error %", "spread", "temperature", "error after %")


def calibration_error(confidence: Tensor, right: Tensor, bins: int = 15) -> float:
    """Mean distance of accuracy from confidence over bins of equal width. Shapes: [N], [N]."""
    place = (confidence * bins).ceil().clamp(1, bins) - 1
    gaps = [
        (right[place == b].double().mean() - confidence[place == b].mean()).abs()
        * (place == b).double().mean()
        for b in place.unique()
    ]
    return float(sum(gaps))


def best_temperature(logits: Tensor, y: Tensor) -> float:
    """The divisor of the logits with the least cross entropy. Shapes: [N, K], [N]."""
    candidates = torch.logspace(-1.5, 1.5, 601, dtype=torch.float64)
    losses = [torch.nn.functional.cross_entropy(logits / k, y) for k in candidates]
    return float(candidates[torch.stack(losses).argmin()])


def logits_of(parts, part: str) -> tuple[Tensor, Tensor]:
    """Mean logits over the first T_s steps, and classes. Shapes: [N, K], [N]."""
    found, classes = [], []
    loader = parts.data.val_dataloader() if part == "val" else parts.data.test_dataloader()
    steps = parts.criterion.timesteps.student
    with torch.inference_mode():
        for x, y in loader:
            out = parts.net(as_sequence(x.to(parts.device), y, steps)).logits
            found.append(out.mean(0).double().cpu())
            classes.append(y)
    return torch.cat(found), torch.cat(classes)


def measured(folder: Path) -> tuple[float, ...]:
    """The columns of `HEAD` for one run."""
    parts = load_parts(folder, [], epoch="last")
    parts.net.eval()
    (val, val_y), (test, y) = logits_of(parts, "val"), logits_of(parts, "test")
    k = best_temperature(val, val_y)
    before, after = test.softmax(-1).max(-1), (test / k).softmax(-1).max(-1)
    right = before.indices == y
    return (
        100 * float(right.double().mean()),
        100 * float(before.values.mean()),
        100 * calibration_error(before.values, right),
        float(test.std(-1).mean()),
        k,
        100 * calibration_error(after.values, right),
    )


def main() -> None:
    """Train, measure, and write the table after each variant."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("runs/calibration"))
    parser.add_argument("--seeds", default="0,1,2")
    args = parser.parse_args()
    lines = ["| variant | seeds | " + " | ".join(HEAD) + " |", "| --- |" + " ---: |" * 7]
    for name, (recipe, options) in VARIANTS.items():
        rows = []
        for seed in map(int, args.seeds.split(",")):
            folder = args.output / name.replace(" ", "_").replace(",", "") / f"seed{seed}"
            own = [*options, ("seed", str(seed)), ("trainer.progress", "false")]
            fit(build(load_recipe(recipe, own)), folder, resume=True)
            rows.append(measured(folder))
        cells = [
            f"{statistics.mean(v):.1f} ± {statistics.stdev(v) if len(v) > 1 else 0.0:.1f}"
            if "%" in head
            else f"{statistics.mean(v):.2f} ± {statistics.stdev(v) if len(v) > 1 else 0.0:.2f}"
            for head, v in zip(HEAD, zip(*rows, strict=True), strict=True)
        ]
        lines.append(f"| {name} | {len(rows)} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
        (args.output / "table.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
