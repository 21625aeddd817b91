"""Prophesee's files by the book: one event after the other, in plain Python, no NumPy of ours."""

import importlib
import importlib.util
import struct
from pathlib import Path
from unittest import mock

import pytest

RAW_HEADER = (
    "% camera_integrator_name Prophesee\n% evt {version}\n% format {form};height={h};width={w}\n"
)


def rows_of(events):
    """The events as tuples (t, x, y, p) of plain integers."""
    fields = (getattr(events, key).tolist() for key in "txyp")
    return list(zip(*fields, strict=True))


def raw(words, *, form, size=(128, 128), order="<", header=None):
    """A .raw file of these words."""
    code, version = {"EVT2": ("I", "2.0"), "EVT3": ("H", "3.0")}[form]
    if header is None:
        header = RAW_HEADER.format(version=version, form=form, h=size[0], w=size[1]) + "% end\n"
    return header.encode() + struct.pack(f"{order}{len(words)}{code}", *words)


def evt2_words(rows, *, high=None):
    """Words of EVT 2.0; `high` is the upper part of the time that was last said."""
    words = []
    for t, x, y, p in rows:
        if t >> 6 != high:
            high = t >> 6
            words.append(8 << 28 | high % 2**28)
        words.append(p << 28 | t % 64 << 22 | x << 11 | y)
    return words


def evt3_words(rows, *, vectors=False):
    """Words of EVT 3.0, neighbours of a row and time as vectors of 8 and 12 if wanted."""
    words, row, high, low, k = [], None, None, None, 0
    while k < len(rows):
        t, x, y, p = rows[k]
        if t >> 12 != high:
            # As a camera does, which counts on while nothing happens.
            begin = t >> 12 if high is None else high + 1
            words += [8 << 12 | n % 4096 for n in range(begin, (t >> 12) + 1)]
            high, low = t >> 12, None
        if t % 4096 != low:
            low = t % 4096
            words.append(6 << 12 | low)
        if y != row:
            row = y
            words.append(y)
        run = [k]
        while vectors and run[-1] + 1 < len(rows):
            t2, x2, y2, p2 = rows[run[-1] + 1]
            if (t2, y2, p2) != (t, y, p) or not rows[run[-1]][1] < x2 < x + 20:
                break
            run.append(run[-1] + 1)
        if len(run) == 1:
            words.append(2 << 12 | p << 11 | x)
        else:
            bits = sum(1 << rows[n][1] - x for n in run)
            words += [3 << 12 | p << 11 | x, 4 << 12 | bits % 4096, 5 << 12 | bits >> 12]
        k = run[-1] + 1
    return words


def dat(rows, *, size=(128, 128), kind=12, version=2):
    """A .dat file of these events."""
    header = f"% Data file containing CD events.\n% Version {version}\n"
    header += f"% Height {size[0]}\n% Width {size[1]}\n" if size else ""
    body = b"".join(struct.pack("<II", t, p << 28 | y << 14 | x) for t, x, y, p in rows)
    return header.encode() + bytes([kind, 8]) + body


def wizard(encoding):
    """expelliarmus's reader; its import walks through all that is installed to find its library."""
    spec = importlib.util.find_spec("expelliarmus")
    if spec is None:
        pytest.skip("needs expelliarmus")
    site = Path(spec.origin).parents[1]
    found = [(str(site), [], [path.name for path in site.glob("expelliarmus*")])]
    with mock.patch("os.walk", lambda root: found):
        return importlib.import_module("expelliarmus").Wizard(encoding=encoding)
