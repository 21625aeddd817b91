"""A training step of VGG-9 against SpikingJelly's back-ends: time and memory, peer by peer.

Rounds A B C A B C, as in the other benchmarks; the processes that take them wait for each other.
"""

import argparse
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.gpu.children import ROOT, command, surroundings
from tssd.atomic import write_atomically
from tssd.processes import follow_starter

OURS = "tssd"
BACKEND = "SJ_LIF_CUDA_IMPLEMENTATION"
LOWER = ("--bf16", "--channels_last")


@dataclass(frozen=True)
class Peer:
    """Who is timed.

    Args:
        library: tssd or spikingjelly.
        switches: of `benchmarks.gpu.peer`.
        environment: that its process gets besides.
    """

    library: str
    switches: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


PEERS = {
    OURS: Peer("tssd"),
    "tssd, torch operations": Peer("tssd", environment={"TSSD_TRITON": "0"}),
    "SpikingJelly, triton": Peer("spikingjelly", environment={BACKEND: "triton"}),
    "SpikingJelly, cuda": Peer("spikingjelly", environment={BACKEND: "cuda"}),
    "SpikingJelly, torch": Peer("spikingjelly", environment={BACKEND: "torch"}),
    "tssd, bf16, channels last": Peer("tssd", LOWER),
    "SpikingJelly, triton, bf16, channels last": Peer("spikingjelly", LOWER, {BACKEND: "triton"}),
    "tssd, bf16, channels last, compiled": Peer("tssd", (*LOWER, "--compile")),
}


class Process:
    """A peer that takes steps when it is asked to."""

    def __init__(self, peer: Peer, options: Sequence[object]) -> None:
        words = command("benchmarks.gpu.peer", peer.library, *options, *peer.switches)
        self._child = subprocess.Popen(
            words,
            cwd=ROOT,
            env=surroundings(peer.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            bufsize=0,
        )
        self.error: str | None = None

    def ask(self, question: str, *, seconds: float) -> dict[str, Any] | None:
        """Its answer; None = it has none, and says why in `error` from now on."""
        assert self._child.stdin and self._child.stdout
        if self.error is not None:
            return None
        try:
            self._child.stdin.write(f"{question}\n".encode())
            ready, _, _ = select.select([self._child.stdout], [], [], max(seconds, 0))
            answer = json.loads(self._child.stdout.readline()) if ready else None
        except (OSError, ValueError):
            answer = {"error": "its process ended"}
        if answer is None:
            answer = {"error": f"no answer in {seconds:.0f} s"}
            self.end()  # what it still does would slow the others down
        self.error = answer.get("error")
        return None if self.error else answer

    def end(self) -> None:
        """End the process."""
        self._child.kill()
        self._child.wait()


def compare(
    processes: Mapping[str, Process], options: argparse.Namespace, timesteps: int, *, until: float
) -> dict[str, Any]:
    """Memory and time of every peer at a T; what a peer can't do is told by `error`.

    Args:
        processes: the peers'.
        options: of the command line.
        timesteps: T.
        until: moment, of the monotonic clock, at which no more rounds begin.
    """
    found: dict[str, dict[str, Any]] = {name: {"seconds": []} for name in processes}
    base: list[list[float]] | None = None

    def ask(name: str, question: str, *, share: float = 1.0) -> dict[str, Any] | None:
        left = share * (until - time.monotonic())
        return processes[name].ask(question, seconds=left) if left > 0 else None

    for name in processes:
        # The first step also chooses kernels, compiles and makes the gradients. Whoever takes half
        # of the time for that gives up, so that there is time for the others' rounds.
        ask(name, f"memory {timesteps}", share=0.5)
        if answer := ask(name, f"memory {timesteps}"):
            base = base or answer["logits"]
            difference = _difference(answer["logits"], base)
            found[name] |= {"peak": answer["peak"], "largest_difference": difference}
    for _ in range(options.rounds):
        for name in processes:
            if answer := ask(name, f"time {timesteps} {options.steps}"):
                found[name]["seconds"].append(answer["seconds"])
    for name, process in processes.items():
        if seconds := found[name]["seconds"]:
            found[name]["median"] = median(seconds)
        else:
            found[name]["error"] = process.error or "there was no time left"
    return found


def _difference(some: list[list[float]], other: list[list[float]]) -> float:
    pairs = zip(some, other, strict=True)
    return max(abs(a - b) for one, two in pairs for a, b in zip(one, two, strict=True))


def cupy_backend() -> str:
    """Why there is no row of SpikingJelly's CuPy back-end."""
    try:
        found = version("spikingjelly")
    except PackageNotFoundError:
        return "SpikingJelly is not installed"
    return (
        f"SpikingJelly {found} has no CuPy back-end any more: its CUDA kernels, which are built "
        "with SJ_BUILD_NATIVE_CUDA=1, take its place"
        if int(found.split(".")[0]) >= 2
        else f"SpikingJelly {found}: the benchmark needs 2.0, whose back-ends it chooses"
    )


def main() -> None:
    """Compare at every T and write after each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.steps", description=__doc__)
    parser.add_argument("output", type=Path, help="JSON file")
    parser.add_argument("--seconds", type=float, required=True, help="that all may take")
    parser.add_argument("--timesteps", default="4,16")
    parser.add_argument("--peers", nargs="*", choices=PEERS, help="all if left out")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=10, help="in a round")
    options = parser.parse_args()
    follow_starter()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    began, each = time.monotonic(), [int(t) for t in options.timesteps.split(",")]
    shared = ["--batch", options.batch, "--width", options.width]
    shared += ["--size", options.size, "--device", options.device]
    processes = {name: Process(PEERS[name], shared) for name in options.peers or PEERS}
    result: dict[str, Any] = {
        "batch": options.batch,
        "width": options.width,
        "steps_a_round": options.steps,
        "cupy": cupy_backend(),
        "timesteps": {},
    }
    for index, timesteps in enumerate(each, 1):
        until = began + options.seconds * index / len(each)
        result["timesteps"][timesteps] = compare(processes, options, timesteps, until=until)
        text = json.dumps(result, indent=2)
        write_atomically(options.output, lambda path, text=text: path.write_text(text + "\n"))
    for process in processes.values():
        process.end()


if __name__ == "__main__":
    main()
