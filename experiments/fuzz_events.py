"""Damage event files in many ways: every reader must give a sound recording or our own error.

    python experiments/fuzz_events.py --cases 20000 --seed 0 --output runs/fuzz

takes written files of AEDAT 2.0, 3.1 and 4.0, five bytes an event, events_np and the label csv, and
with TSSD_DATA real N-MNIST recordings; flips, cuts, inserts, repeats, overwrites and splices bytes;
and reads the result. Anything but a sound recording or a one-line tssd error, a case over the time
limit, a warning, or memory beyond what the file's size allows is a failure, whose bytes are saved.
"""

import argparse
import io
import logging
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import tracemalloc
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tssd.errors import TssdError
from tssd.events import Events
from tssd.events.formats.aedat2 import read_aedat2, write_aedat2
from tssd.events.formats.aedat3 import read_aedat3, write_aedat3
from tssd.events.formats.aedat4 import read_aedat4
from tssd.events.formats.five_byte import read_five_byte, write_five_byte
from tssd.events.formats.gesture_labels import GestureWindow, read_labels, write_labels
from tssd.events.formats.npz import FREE_BYTES, MOST_EXPANSION, read_npz, write_npz

# Files of formats that are not written here: builders of the tests.
TESTS = Path(__file__).parents[1] / "tests"

sys.path.insert(0, str(TESTS))
from events.formats import aedat4_files  # noqa: E402

SECONDS = 2.0
ADDRESS_SPACE = 2**30  # bytes that the process may grow by
# Bytes that reading may take at its peak: so many times the file, and a constant for the messages,
# the zip directory and Python's own.
PER_BYTE, FREE = 24, 2**20

EXTREME = [0, 1, 0x7F, 0x80, 0xFF, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1]

READERS: dict[str, list[Callable[[bytes], Any]]] = {
    "aedat2": [
        read_aedat2,
        lambda data: read_aedat2(data, orientation="mlf", strict=True),
        lambda data: read_aedat2(data, duration=10_000),
        lambda data: read_aedat2(data, duration=10_000, start="zero"),
    ],
    "aedat3": [read_aedat3],
    "five_byte": [read_five_byte, lambda data: read_five_byte(data, height=None, width=None)],
    "npz": [
        lambda data: read_npz(data, height=128, width=128),
        lambda data: read_npz(data, height=None, width=None),
    ],
    "labels": [read_labels],
    "aedat4": [lambda data: read_aedat4(written(data))],
}


def written(data: bytes) -> Path:
    """A file of this content, for the reader that takes no other."""
    path = Path(tempfile.gettempdir()) / f"fuzz-{os.getpid()}.aedat4"
    path.write_bytes(data)
    return path


def recording(rng: np.random.Generator, n: int, *, side: int, latest: int) -> Events:
    """Random sound events."""
    x, y, p = (rng.integers(0, top, n) for top in (side, side, 2))
    return Events(
        t=np.sort(rng.integers(0, latest, n)),
        x=x.astype(np.uint16),
        y=y.astype(np.uint16),
        p=p.astype(np.uint8),
        height=side,
        width=side,
    )


def originals(seed: int) -> dict[str, list[bytes]]:
    """Sound files to damage, by format."""
    rng, files = np.random.default_rng(seed), {form: [] for form in READERS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        for n in (1, 30, 300, 1500):
            small = recording(rng, n, side=128, latest=10**6)
            long = recording(rng, n, side=128, latest=2**33)
            tiny = recording(rng, n, side=34, latest=300_000)
            writers: list[tuple[str, Callable[[Path, Events], None], Events]] = [
                ("aedat2", write_aedat2, small),
                ("aedat3", partial(write_aedat3, packet=50), small),
                ("aedat3", partial(write_aedat3, packet=7), long),
                ("five_byte", write_five_byte, tiny),
                ("npz", write_npz, small),
                ("npz", partial(write_npz, compressed=True), small),
            ]
            for form, write, events in writers:
                write(path, events)
                files[form].append(path.read_bytes())
            parts = [small.between(0, 500_000), small.between(500_000, 10**6)]
            packets = b"".join(aedat4_files.packet(part) for part in parts)
            files["aedat4"].append(aedat4_files.header([aedat4_files.stream()]) + packets)
            windows = [GestureWindow(i % 11, 10 * i, 10 * i + 9) for i in range(n % 97 + 1)]
            write_labels(path, windows)
            files["labels"].append(path.read_bytes())
    if root := os.environ.get("TSSD_DATA"):
        real = sorted(Path(root, "NMNIST").glob("T*/[0-9]/*.bin"))
        files["five_byte"] += [path.read_bytes() for path in real[::11]]
    return files


def damage(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """One, two or four changes of random kinds at random places."""
    body = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        # Headers, where the numbers are that a reader could believe, are hit as often as events.
        place = rng.randrange(min(len(body), rng.choice((20, 200, 10**9))) + 1)
        end = min(place + rng.choice((1, 3, 8, 28, 200)), len(body))
        match rng.randrange(10):
            case 0 | 8 | 9:
                for _ in range(rng.choice((1, 4, 32))):
                    if body:
                        body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
            case 1:
                del body[place:]
            case 2:
                del body[place:end]
            case 3:
                body[place:place] = rng.randbytes(rng.choice((1, 5, 8, 100)))
            case 4:
                body[place:end] = bytes([rng.choice((0, 0xFF))]) * (end - place)
            case 5:
                order = rng.choice(("little", "big"))
                body[place : place + 4] = rng.choice(EXTREME).to_bytes(4, order)
            case 6:
                body[place:place] = body[place:end] * rng.choice((1, 30))
            case _:
                other = rng.choice(others)
                body[place:] = other[rng.randrange(len(other) + 1) :]
    return bytes(body)


def rezipped(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """An archive with a damaged member but right check sums, so that the damage is looked at."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        hit = rng.choice(old.namelist())
        for member in old.namelist():
            body = old.read(member)
            new.writestr(member, damage(body, others, rng) if member == hit else body)
    return buffer.getvalue()


def fault(result: Any) -> str | None:
    """What is wrong with what a reader gave back; None if nothing is."""
    if not isinstance(result, Events):
        return None if result and all(w.start < w.end for w in result) else "label windows"
    checks = {
        "types": [getattr(result, key).dtype for key in "txyp"]
        == [np.int64, np.uint16, np.uint16, np.uint8],
        "lengths": {len(getattr(result, key)) for key in "txyp"} == {len(result)},
        "order": bool((result.t[1:] >= result.t[:-1]).all()),
        "pixels": bool((result.x < result.width).all() and (result.y < result.height).all()),
        "polarity": bool((result.p <= 1).all()),
        "empty without a note": bool(len(result) or result.notes),
    }
    return next((name for name, fine in checks.items() if not fine), None)


def attempt(reader: Callable[[bytes], Any], form: str, data: bytes) -> str:
    """Read once: "valid", "repaired", "refused", or what went wrong."""
    allowed = FREE + PER_BYTE * len(data)
    if form == "npz":  # by design it may unpack to this much
        allowed += 3 * (FREE_BYTES + MOST_EXPANSION * len(data))
    tracemalloc.reset_peak()
    before, start = tracemalloc.get_traced_memory()[0], time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        result = reader(data)
        wrong = fault(result)
        outcome = wrong or ("repaired" if getattr(result, "notes", ()) else "valid")
    except TssdError as error:
        outcome = "refused" if "\n" not in str(error) else "error of several lines"
    except BaseException:  # also the alarm, and what extensions raise
        outcome = traceback.format_exc(limit=-2)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    peak = tracemalloc.get_traced_memory()[1] - before
    if peak > allowed:
        return f"took {peak} bytes for a file of {len(data)}"
    return outcome if time.monotonic() - start < SECONDS else f"over {SECONDS} s"


def out_of_time(*_: object) -> None:
    """Ends a case that hangs."""
    raise TimeoutError("over the time limit")


def main() -> int:
    """Run the cases and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--forms", nargs="+", choices=READERS, default=list(READERS))
    parser.add_argument("--output", type=Path, default=Path("runs/fuzz"))
    options = parser.parse_args()
    files, rng = originals(options.seed), random.Random(options.seed)
    everything = [data for group in files.values() for data in group]
    warnings.simplefilter("error")
    logging.getLogger("tssd").disabled = True
    signal.signal(signal.SIGALRM, out_of_time)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + ADDRESS_SPACE, size + ADDRESS_SPACE))
    tracemalloc.start()
    counts: dict[str, Counter[str]] = {form: Counter() for form in READERS}
    failures, forms, start = 0, options.forms, time.monotonic()
    for case in range(options.cases):
        form = forms[case % len(forms)]
        data = rng.choice(files[form])
        how = rezipped if form == "npz" and rng.random() < 0.6 else damage
        data = how(data, everything, rng)
        outcome = attempt(rng.choice(READERS[form]), form, data)
        if outcome not in ("valid", "repaired", "refused"):
            failures += 1
            options.output.mkdir(parents=True, exist_ok=True)
            (options.output / f"{form}-{options.seed}-{case}").write_bytes(data)
            print(f"case {case} ({form}, {len(data)} bytes): {outcome}", file=sys.stderr)
            outcome = "failed"
        counts[form][outcome] += 1
    print(f"{sum(map(len, files.values()))} files, seed {options.seed}, "
          f"{time.monotonic() - start:.0f} s")  # fmt: skip
    columns = ("valid", "repaired", "refused", "failed")
    print(f"{'':10}{'cases':>8}" + "".join(f"{column:>10}" for column in columns))
    for form, count in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        row = "".join(f"{count[column]:>10}" for column in columns)
        print(f"{form:10}{count.total():>8}{row}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
