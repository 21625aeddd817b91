"""Run every benchmark and print the tables: `python -m benchmarks`; see docs/benchmarks.md."""

import argparse
import os
import platform
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks import memory, tables, timesteps, training_step
from benchmarks.workloads import perceptron, vgg9_images

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BEGIN = "<!-- measured: begin (written by python -m benchmarks --write) -->"
END = "<!-- measured: end -->"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small batches and few rounds")
    parser.add_argument("--rounds", type=int, help="rounds of VGG-9; perceptrons get ten times it")
    parser.add_argument("--batch", type=int, help="batch of the VGG-9s (16; with --quick 4)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of PyTorch (all)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--surrogate", choices=("rectangular", "sigmoid"), default="rectangular")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/")
    return parser.parse_args()


def _processor(device: str) -> str:
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def _environment(options: argparse.Namespace, rounds: int) -> str:
    packages = ("torch", "spikingjelly", "snntorch")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"Measured on {date.today()}: {_processor(options.device)}, {options.threads} threads; "
        f"{versions}; {options.surrogate} surrogate; {rounds} rounds ({10 * rounds} for "
        f"perceptrons); others' load before the run: {os.getloadavg()[0]:.1f} processes."
    )


def _announce(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print, and on request write the page."""
    options = _options()
    torch.set_num_threads(options.threads)
    rounds = options.rounds or (3 if options.quick else 9)
    batch = options.batch or (4 if options.quick else 16)
    environment = _environment(options, rounds)
    small = [perceptron(n, surrogate=options.surrogate) for n in (1, 8)]
    large = [vgg9_images(width, batch, surrogate=options.surrogate) for width in (0.25, 1.0)]

    footprints, steps, evaluation = {}, {}, {}
    for w in large:
        _announce(f"memory, {w.name}")
        footprints[w.name] = memory.measure(w, device=options.device)
    for w in (*small, *large):
        _announce(f"training step, {w.name}")
        n = 10 * rounds if w in small else rounds
        steps[w.name] = training_step.measure(w, rounds=n, device=options.device)
    for w in large:
        _announce(f"evaluation, {w.name}")
        evaluation[w.name] = timesteps.measure(w, rounds=rounds, device=options.device)

    report = f"{environment}\n\n{tables.sections(steps, footprints, evaluation)}"
    print(report)
    if options.write:
        before, rest = PAGE.read_text().split(BEGIN)
        after = rest.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n\n{report}\n\n{END}{after}")


if __name__ == "__main__":
    main()
