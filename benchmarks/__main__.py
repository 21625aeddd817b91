"""Run the benchmarks and print the tables: `python -m benchmarks`; see docs/benchmarks.md."""

import argparse
import os
import platform
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks import memory, networks, parts, step_profile, tables, timesteps, training_step
from benchmarks.workloads import perceptron, vgg9_images

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BEGIN = "<!-- measured: begin (written by python -m benchmarks --write) -->"
END = "<!-- measured: end -->"
EVENTS_BEGIN = "<!-- events measured: begin (written by python -m benchmarks --write) -->"
EVENTS_END = "<!-- events measured: end -->"
PROFILE_BEGIN = "<!-- profile measured: begin (written by python -m benchmarks --write) -->"
PROFILE_END = "<!-- profile measured: end -->"
PARTS_BEGIN = "<!-- parts measured: begin (written by python -m benchmarks --write) -->"
PARTS_END = "<!-- parts measured: end -->"
NETWORKS = PAGE.parent / "architectures" / "cost.md"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small batches and few rounds")
    parser.add_argument("--rounds", type=int, help="rounds of VGG-9; perceptrons get ten times it")
    parser.add_argument("--batch", type=int, help="batch of the VGG-9s (16; with --quick 4)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of PyTorch (all)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--surrogate", choices=("rectangular", "sigmoid"), default="rectangular")
    sides = ("network", "events", "profile", "parts", "networks")
    parser.add_argument("--only", choices=sides, help="one side; all if left out")
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


def put(page: str, report: str, *, begin: str, end: str) -> str:
    """A page with a report between two of its markers, the rest as it was."""
    before, rest = page.split(begin)
    after = rest.split(end)[1]
    return f"{before}{begin}\n\n{report}\n\n{end}{after}"


def _show(
    report: str, options: argparse.Namespace, *, begin: str, end: str, page: Path = PAGE
) -> None:
    print(report)
    if options.write:
        text = page.read_text(encoding="utf-8")
        page.write_text(put(text, report, begin=begin, end=end), encoding="utf-8")


def _network(options: argparse.Namespace) -> str:
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
    return f"{environment}\n\n{tables.sections(steps, footprints, evaluation)}"


def _events(options: argparse.Namespace) -> str:
    # Here, because it needs tonic, which the networks do not.
    from benchmarks import event_side

    rounds = options.rounds or (3 if options.quick else 15)
    environment = event_side.environment(_processor("cpu"), rounds)
    report = event_side.report(rounds=rounds, quick=options.quick, announce=_announce)
    return f"{environment}\n\n{report}"


def _profile(options: argparse.Namespace) -> str:
    rounds = options.rounds or (1 if options.quick else 9)
    batch = options.batch or (16 if options.quick else 125)
    measured = step_profile.report(
        width=1.0, batch=batch, rounds=rounds, announce=_announce, steps=step_profile.STEPS
    )
    where = f"Measured on {date.today()}: {_processor('cpu')}, {options.threads} threads; "
    load = f"others' load before the run: {os.getloadavg()[0]:.1f} processes."
    how = f"torch {version('torch')}; the step in the middle of {rounds}; {load}"
    return f"{where}{how}\n\n{measured}"


def _parts(options: argparse.Namespace) -> str:
    rounds = options.rounds or (1 if options.quick else 9)
    batch = options.batch or (4 if options.quick else 16)
    measured = parts.report(rounds=rounds, batch=batch, width=0.25, announce=_announce)
    where = f"Measured on {date.today()}: {_processor('cpu')}, one thread's time on the processor; "
    how = f"torch {version('torch')}; VGG-9 at width 0.25, batches of {batch}; {rounds} rounds."
    return f"{where}{how}\n\n{measured}"


def _networks(options: argparse.Namespace) -> str:
    # Quickly: whether all of it runs.
    width = "0.0625" if options.quick else None
    measured = networks.report(networks.measure(width=width, announce=_announce))
    where = f"Measured on {date.today()}: {_processor('cpu')}, one thread's time on the processor; "
    return f"{where}torch {version('torch')}.\n\n{measured}"


def main() -> None:
    """Measure, print, and on request write the page."""
    options = _options()
    torch.set_num_threads(options.threads)
    if options.only in (None, "network"):
        _show(_network(options), options, begin=BEGIN, end=END)
    if options.only in (None, "events"):
        _show(_events(options), options, begin=EVENTS_BEGIN, end=EVENTS_END)
    if options.only in (None, "profile"):
        _show(_profile(options), options, begin=PROFILE_BEGIN, end=PROFILE_END)
    if options.only in (None, "parts"):
        _show(_parts(options), options, begin=PARTS_BEGIN, end=PARTS_END)
    if options.only in (None, "networks"):
        _show(_networks(options), options, begin=BEGIN, end=END, page=NETWORKS)


if __name__ == "__main__":
    main()
