"""`make gpu`: tests, benchmarks and a training, in a given time, on any CUDA machine.

Every part is a program of its own with a time of its own; what it has found is written as soon as
it is known, so that whatever ends this leaves what was done.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.gpu.children import ROOT, Ended, command, run
from benchmarks.gpu.report import page

# Shares of the time that tests and benchmarks may take, and the most seconds that they need. What
# they leave is the training's.
TESTS, STEPS = (0.25, 150.0), (0.30, 180.0)
# Seconds for looking at the machine, and for the end.
LOOK, RESERVE = 90.0, 8.0


class Record:
    """The folder that everything goes to: record.json and README.md, each whole at any moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.found: dict[str, Any] = {"parts": {}}
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, **found: Any) -> None:
        """Add, and write."""
        self.found |= found
        self._replace("record.json", json.dumps(self.found, indent=2) + "\n")
        self._replace("README.md", page(self.found))

    def end(self, part: str, ended: Ended, why: str = "") -> None:
        """Add how a part ended, and what it has found, if it is there."""
        why = why or (ended.last if ended.status != "done" else "")
        self.found["parts"][part] = {"status": ended.status, "seconds": ended.seconds, "why": why}
        file = self.folder / f"{part}.json"
        self.add(**({part: json.loads(file.read_text())} if file.exists() else {}))
        _say(f"{part}: {ended.status} after {ended.seconds:.0f} s{f' ({why})' if why else ''}")

    def _replace(self, name: str, text: str) -> None:
        # Not with tssd.atomic: this program imports nothing that could fail.
        temporary = self.folder / f"{name}.partial"
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, self.folder / name)


def _say(words: str) -> None:
    print(words, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--minutes", type=float, default=9.0, help="that all may take (9)")
    parser.add_argument("--output", type=Path, help="folder (results/gpu; runs/gpu without CUDA)")
    parser.add_argument("--runs", type=Path, default=Path("runs/gpu"), help="of the run folders")
    parser.add_argument("--data", type=Path, help="data root (TSSD_DATA, else data)")
    parser.add_argument("--rehearse", action="store_true", help="tiny, on the CPU: a test of this")
    return parser.parse_args()


def _look(folder: Path) -> tuple[dict[str, Any] | None, Ended]:
    file = folder / "machine.json"
    file.unlink(missing_ok=True)
    words = command("benchmarks.gpu.machine", file.resolve())
    ended = run(words, seconds=LOOK, log=folder / "logs" / "machine.txt")
    return (json.loads(file.read_text()) if file.exists() else None), ended


def _test_files() -> list[Path]:
    """Those with a test for CUDA; to collect all of them would take longer than to run these."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    here = ROOT / "tests" / "gpu"
    return [f for f in files if here in f.parents or "mark.gpu" in f.read_text(encoding="utf-8")]


def main() -> int:
    """Plan, look, test, measure, train."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options, began = _options(), time.monotonic()
    total = 60 * options.minutes

    def left() -> float:
        return total - RESERVE - (time.monotonic() - began)

    # Files of an earlier session would be taken for this one's.
    looked = (options.output or Path("runs/gpu")).resolve()
    machine, ended = _look(looked)
    has_gpu = bool(machine and machine["devices"])
    output = (options.output or Path("results/gpu" if has_gpu else "runs/gpu")).resolve()
    for name in ("steps.json", "paper.json"):
        (output / name).unlink(missing_ok=True)
    record = Record(output)
    record.add(machine=machine)
    record.end("machine", ended)
    if machine is None:
        return 1

    tests, steps = (min(share * total, most) for share, most in (TESTS, STEPS))
    _say(f"plan, of {total:.0f} s: tests at most {tests:.0f}, a training step at most {steps:.0f},")
    _say(f"then the paper's network for what is left; all of it goes to {output}")
    goes = has_gpu or options.rehearse
    if not has_gpu:
        why = "no CUDA device on this machine: the parts that need one are skipped"
        record.add(no_gpu=f"{why}; rehearsed on the CPU" if options.rehearse else why)
        _say(record.found["no_gpu"])

    skipped = Ended("skipped", 0.0, "")
    root = options.data or Path(os.environ.get("TSSD_DATA") or "data")
    if not has_gpu:
        record.end("tests", skipped, "no CUDA device")
    elif "pytest" not in machine["others"]:
        record.end("tests", skipped, "pytest is not installed")
    else:
        words = command("pytest", "-m", "gpu", "-v", "-p", "no:cacheprovider", *_test_files())
        ended = run(words, seconds=min(tests, left()), log=output / "tests.txt")
        record.add(tests=f"`pytest -m gpu`: {ended.last} (all: [tests.txt](tests.txt))")
        record.end("tests", ended)

    if not goes:
        record.end("steps", skipped, "no CUDA device")
    else:
        budget = min(steps, left())
        words = command("benchmarks.gpu.steps", output / "steps.json", "--seconds", budget - 20)
        if not has_gpu:
            words += ["--device", "cpu", "--width", "0.02", "--size", "16", "--batch", "2"]
            words += ["--timesteps", "2,3", "--rounds", "2", "--steps", "1"]
            words += ["--peers", "tssd", "SpikingJelly, torch"]
        record.end("steps", run(words, seconds=budget, log=output / "logs" / "steps.txt"))

    names = [name for name in ("cifar-10-batches-py", "cifar10-jpeg") if (root / name).is_dir()]
    if not goes:
        record.end("paper", skipped, "no CUDA device")
    elif has_gpu and not names:
        record.end("paper", skipped, f"no CIFAR-10 in {root}: set TSSD_DATA to the data root")
    else:
        words = command("benchmarks.gpu.paper", output / "paper.json", "--seconds", left() - 5)
        words += ["--runs", str(options.runs.resolve()), "--data", str(root.resolve())]
        words += ["--rehearse"] * (not has_gpu)
        record.end("paper", run(words, seconds=left(), log=output / "logs" / "paper.txt"))
    _say(f"done in {time.monotonic() - began:.0f} s: {output / 'README.md'}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
