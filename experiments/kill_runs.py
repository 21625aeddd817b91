"""Kill training, comparing and reproducing at random moments: nothing may differ, nothing be left.

    python experiments/kill_runs.py --rounds 100 --seed 0

Each round draws a command (train, compare --jobs 2, reproduce), a number of loading processes (0, 1
or 2) and one to three signals (KILL, TERM, INT, HUP; to the process, or to its group as a terminal
does) with their moments. After each the same command is started again; the last one is left alone.
Then its files are compared with those of a run that nobody disturbed. Counted are also processes
that are alive 5 s after the one they belong to, files that the undisturbed run does not have, and
complaints other than one line. Needs /proc, so Linux. Exit code 1 if anything was found.
"""

import argparse
import functools
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
GRACE = 5.0
TIMEOUT = 600.0

TINY = {
    "net.width": 0.03125,
    "data.train_samples": 60,
    "data.batch_size": 20,
    "timesteps.student": 2,
    "timesteps.teacher": 3,
    "trainer.threads": 1,
    "trainer.progress": "false",
}
PLAN = """title: two networks of digits
source: nowhere
kind: table
epoch: {paper: best, small: best}
baseline: vanilla
cells:
- {data: digits, row: vanilla, column: "T = 1", at: 1, runs: {small: digits/vanilla_tt}}
- {data: digits, row: TSSD, column: "T = 1", at: 1, runs: {small: digits/tssd}}
"""
KINDS = ("train", "compare", "reproduce")
# What differs between two undisturbed runs as well: times, the machine, pictures, logs.
VARYING = {"train_seconds", "seconds", "command", "date", "finished"}
COMPARED = ("metrics.csv", "model.safetensors", "exits.safetensors", "results.json")


class Place(NamedTuple):
    """Where a round works: its folder, and the mark that its processes carry."""

    folder: Path
    token: str


def command(kind: str, workers: int, epochs: int) -> list[str]:
    """The words of a command line, its output in the folder `out`."""
    options = TINY | {"trainer.epochs": epochs, "data.num_workers": workers}
    words = [f"--{name}={value}" for name, value in options.items()]
    start = [sys.executable, "-m", "tssd", kind]
    match kind:
        case "train":
            return [*start, "digits/tssd", "--output=out", "--resume", *words]
        case "compare":
            recipes = ["digits/vanilla_ts", "digits/tssd"]
            return [*start, *recipes, "--seeds=0", "--jobs=2", "--output=out", *words]
        case _:
            plan = ["plan.yaml", "--scale=small", "--seeds=0", "--no-probe"]
            return [*start, *plan, "--output=out", *words]


def start(words: list[str], place: Place) -> subprocess.Popen[bytes]:
    """A session of its own; temporary files go into the round's folder, too."""
    (place.folder / "tmp").mkdir(parents=True, exist_ok=True)
    (place.folder / "plan.yaml").write_text(PLAN)
    surroundings = os.environ | {
        "KILL_RUNS": place.token,
        "TMPDIR": str(place.folder / "tmp"),
        "OMP_NUM_THREADS": "1",
    }
    errors = (place.folder / "errors.txt").open("wb")
    with errors:
        return subprocess.Popen(
            words,
            cwd=place.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=surroundings,
            start_new_session=True,
        )


def alive(place: Place) -> list[int]:
    """Processes that carry the round's mark in their environment, whatever their parent is now."""
    mark = f"KILL_RUNS={place.token}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue  # it has ended, or is somebody else's
    return found


def orphans(place: Place) -> list[int]:
    """Of those, the ones that stay; ended here, so that the next command works alone."""
    until = time.monotonic() + GRACE
    while (left := alive(place)) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return left


@functools.cache
def starting() -> float:
    """Seconds until our first lines run; before that Python itself answers a signal."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import tssd.cli"], check=True)
    return 2 * (time.monotonic() - began)


def complaints(place: Place, code: int, sent: signal.Signals | None, waited: float) -> list[str]:
    """What is wrong with how a command ended: more than a line, or another code."""
    lines = (place.folder / "errors.txt").read_text(errors="replace").splitlines()
    wrong = [f"{sent}: traceback: {lines[-1]}"] if any("Traceback" in x for x in lines) else []
    if sent is None:
        return wrong + ([] if code == 0 else [f"code {code}: {lines[-1:]}"])
    told = [line for line in lines if line.startswith("tssd: ")]
    if code == 128 + sent and len(told) != 1:
        wrong.append(f"{sent.name}: {len(told)} lines")
    early = waited < starting() and code in (-sent, 1)
    if code not in (0, -sent if sent == signal.SIGKILL else 128 + sent) and not early:
        wrong.append(f"{sent.name}: code {code}: {lines[-1:]}")
    return [] if early else wrong


def contents(folder: Path) -> Iterator[tuple[str, Any]]:
    """Name and content of what must be equal, under each run."""
    for path in sorted(folder.rglob("*")):
        if path.name in COMPARED:
            content = path.read_bytes()
            plain = _timeless(json.loads(content)) if path.suffix == ".json" else content
            yield str(path.relative_to(folder)), plain


def names(folder: Path) -> set[str]:
    """All files, except TensorBoard's, which have a new one for every session."""
    found = {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}
    return {name for name in found if "events.out.tfevents" not in name}


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k not in VARYING}
    return [_timeless(v) for v in value] if isinstance(value, list) else value


def undisturbed(words: list[str], folder: Path) -> tuple[Path, float]:
    """The output of a run that nobody kills, and the seconds it took."""
    place = Place(folder, secrets.token_hex(8))
    began = time.monotonic()
    if start(words, place).wait(TIMEOUT):
        raise SystemExit((folder / "errors.txt").read_text())
    return folder, time.monotonic() - began


def disturbed(
    words: list[str], place: Place, draw: random.Random, seconds: float, found: Counter[str]
) -> list[str]:
    """Kill a command a few times, then let it finish; what was wrong with it."""
    wrong: list[str] = []
    for _ in range(draw.randint(1, 3)):
        sent = draw.choice(SIGNALS)
        of_all = sent in (signal.SIGINT, signal.SIGHUP) and draw.random() < 0.5
        wait = draw.uniform(0, seconds)
        process = start(words, place)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            (os.killpg if of_all else os.kill)(process.pid, sent)
            found[f"sent {sent.name}{' to the group' if of_all else ''}"] += 1
        wrong += ended(process, place, sent, wait, found)
    return wrong + ended(start(words, place), place, None, 0.0, found)


def ended(
    process: subprocess.Popen[bytes],
    place: Place,
    sent: signal.Signals | None,
    waited: float,
    found: Counter[str],
) -> list[str]:
    """Wait for a command, and for all that belongs to it; what was wrong."""
    try:
        code = process.wait(TIMEOUT if sent is None else 60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        found["hanging"] += 1
    wrong = complaints(place, code, sent, waited)
    found["complaints"] += len(wrong)
    if left := orphans(place):
        found["orphans"] += len(left)
        wrong.append(f"{sent}: {len(left)} processes outlived it")
    return wrong


def main() -> int:
    """Run the rounds, print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--epochs", type=int, default=4, metavar="N", help="of each run")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--workers", nargs="+", type=int, default=(0, 1, 2), metavar="N")
    args = parser.parse_args()
    # A shell starts background jobs with Ctrl-C ignored, which the commands would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    found: Counter[str] = Counter()
    starting()
    references: dict[tuple[str, int], tuple[Path, float]] = {}
    with tempfile.TemporaryDirectory(prefix="kill_runs-") as top:
        for number in range(args.rounds):
            draw = random.Random(f"{args.seed} {number}")
            kind, workers = draw.choice(args.kinds), draw.choice(args.workers)
            words = command(kind, workers, args.epochs)
            if (kind, workers) not in references:
                folder = Path(top) / f"{kind}-{workers}"
                references[kind, workers] = undisturbed(words, folder)
            reference, seconds = references[kind, workers]
            place = Place(Path(top) / f"round{number}", secrets.token_hex(8))
            wrong = disturbed(words, place, draw, seconds, found)
            before, now = (dict(contents(f / "out")) for f in (reference, place.folder))
            differing = [name for name in before if before[name] != now.get(name)]
            leftovers = sorted(names(place.folder) - names(reference))
            found["differing rounds"] += bool(differing)
            found["leftovers"] += len(leftovers)
            wrong += [f"differs: {name}" for name in differing]
            wrong += [f"left: {name}" for name in leftovers]
            print(f"{number}: {kind}, {workers} workers: {'; '.join(wrong) or 'equal'}", flush=True)
            shutil.rmtree(place.folder)
    print(f"{args.rounds} rounds, seed {args.seed}")
    for name in sorted({*found, "differing rounds", "orphans", "leftovers", "complaints"}):
        print(f"  {name}: {found[name]}")
    bad = ("differing rounds", "orphans", "leftovers", "complaints", "hanging")
    return int(any(found[name] for name in bad))


if __name__ == "__main__":
    sys.exit(main())
