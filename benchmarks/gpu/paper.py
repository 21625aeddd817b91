"""The paper's TSSD on CIFAR-10, for as many epochs as a given time allows: `make gpu`, part (c).

Beside it, if half of the time is enough for a training that says something, the control: the same
labels at T_s and T_t, and no distillation.
"""

import argparse
import json
import shutil
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tssd.atomic import write_atomically
from tssd.config import build, load_recipe
from tssd.processes import follow_starter
from tssd.runs.folder import RunFolder
from tssd.training.fit import fit
from tssd.training.needs.measured import Measured, measure

METHODS = ("tssd", "control")
# Epochs below which a second method would be trained at the cost of the first.
ENOUGH = 12
MOST = 100
# Of the time that is there: the rest is for what no measurement of a few steps has in it.
SHARE = 0.85

# The paper's network and loss; the rest is what short trainings of such networks take.
SHORT = {
    "data.batch_size": "128",
    "data.val_share": "0.02",
    "optimizer.weight_decay": "5e-4",
    "schedule": "tssd.training.schedule.OneCycle",
    "trainer.precision": "bf16-mixed",
    "trainer.channels_last": "true",
    "trainer.select": "last",
    "trainer.progress": "false",
}
# Stands for it where there is no GPU: proves the program, and nothing else.
REHEARSED = {
    "data.train_samples": "100",
    "net.width": "0.02",
    "schedule": "tssd.training.schedule.OneCycle",
    "trainer.progress": "false",
    "trainer.threads": "1",
}


@dataclass(frozen=True)
class Times:
    """Seconds of a training: of an epoch, and of the evaluation after it."""

    epoch: float
    after: float

    @classmethod
    def of(cls, measured: Measured, sizes: dict[str, int], batch: int) -> "Times":
        """From the seconds of a batch."""
        steps, checks, tests = (-(-sizes[name] // batch) for name in ("train", "val", "test"))
        epoch = steps * measured.step + checks * measured.validation
        # Of the last and of the best epoch.
        return cls(epoch, 2 * tests * measured.evaluation)

    def epochs_in(self, seconds: float) -> int:
        """How many epochs fit, 0 to 100, the evaluation counted."""
        return max(0, min(MOST, int((SHARE * seconds - self.after) / self.epoch)))


def methods_in(times: Times, seconds: float) -> tuple[tuple[str, ...], int]:
    """Which methods are trained, and each for how many epochs."""
    both = times.epochs_in(seconds / 2)
    return (METHODS, both) if both >= ENOUGH else (METHODS[:1], times.epochs_in(seconds))


def recipe_of(root: Path) -> str | None:
    """The data set that lies in the data root, as a piece of a recipe."""
    folders = {"cifar10": "cifar-10-batches-py", "cifar10_jpeg": "cifar10-jpeg"}
    return next((name for name, folder in folders.items() if (root / folder).is_dir()), None)


def main() -> None:
    """Measure an epoch, choose how many, train, and write after each step of that."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.paper", description=__doc__)
    parser.add_argument("output", type=Path, help="JSON file")
    parser.add_argument("--data", type=Path, help="data root; not needed with --rehearse")
    parser.add_argument("--runs", type=Path, required=True, help="folder of the run folders")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rehearse", action="store_true", help="digits, on any machine")
    options = parser.parse_args()
    follow_starter()
    began, result = time.monotonic(), dict[str, Any](methods={})

    def write() -> None:
        text = json.dumps(result, indent=2)
        write_atomically(options.output, lambda path: path.write_text(text + "\n"))

    data = "digits" if options.rehearse else recipe_of(options.data)
    changes = REHEARSED if options.rehearse else SHORT | {"data.root": str(options.data)}

    def parts_of(method: str, **more: str) -> Any:
        return build(load_recipe(f"{data}+vgg9+{method}", [*changes.items(), *more.items()]))

    parts = parts_of(METHODS[0])
    parts.data.setup()
    times = Times.of(measure(parts, budget=5), parts.data.split_sizes, parts.data.batch_size)
    left = options.seconds - (time.monotonic() - began)
    methods, epochs = methods_in(times, left)
    epochs = min(epochs, 2) if options.rehearse else epochs
    result |= {
        "recipe": f"{data}+vgg9",
        "options": {name: value for name, value in changes.items() if name != "data.root"},
        "seconds_an_epoch": times.epoch,
        "seconds_left": left,
        "epochs": epochs,
        "planned": methods,
    }
    write()
    for method in methods if epochs else ():
        folder = options.runs / method
        shutil.rmtree(folder, ignore_errors=True)
        try:
            found = fit(parts_of(method, **{"trainer.epochs": str(epochs)}), folder)
        except Exception as error:  # whatever it is: the other method goes on
            traceback.print_exc()
            result["methods"][method] = {"error": f"{type(error).__name__}: {error}"}
        else:
            result["methods"][method] = {
                "accuracy": list(found.last.accuracy),
                "train_seconds": found.train_seconds,
                "epochs": found.epochs,
                "description": found.description,
            }
            run = RunFolder(folder)
            for kept in (run.metrics, run.results):
                shutil.copy(kept, options.output.with_name(f"{method}-{kept.name}"))
        if torch.cuda.is_available():
            result["peak_memory"] = torch.cuda.max_memory_allocated()
        write()


if __name__ == "__main__":
    main()
