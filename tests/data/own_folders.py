"""A folder of recordings of one's own, the same events in every format that is read."""

import io

import numpy as np
import pytest

from events.formats.prophesee_files import dat, evt2_words, evt3_words, raw, rows_of
from events.recordings import random_events
from tssd.events.formats.aedat2 import write_aedat2
from tssd.events.formats.aedat3 import write_aedat3
from tssd.events.formats.five_byte import write_five_byte
from tssd.events.formats.npz import write_npz

SIDE = 128


def events_of(seed, *, count=120, side=SIDE, duration=100_000):
    return random_events(count, seed=seed, height=side, width=side, duration=duration)


def write_csv(path, events):
    lines = [f"{t},{x},{y},{p}" for t, x, y, p in rows_of(events)]
    path.write_text("\n".join(["t,x,y,p", *lines, ""]))


def write_npy(path, events):
    array = np.empty(len(events), [("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "?")])
    for key in "txyp":
        array[key] = getattr(events, key)
    np.save(path, array)


def write_h5(path, events):
    h5py = pytest.importorskip("h5py")
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["geometry"] = f"{events.width}x{events.height}"
        for key in "txyp":
            file[f"events/{key}"] = getattr(events, key)
    path.write_bytes(buffer.getvalue())


def write_raw(form, words):
    def write(path, events):
        size = events.height, events.width
        path.write_bytes(raw(words(rows_of(events)), form=form, size=size))

    return write


# By a file's name; the first of a suffix is taken for other names of it.
WRITERS = {
    "2.aedat": write_aedat2,
    "3.aedat": write_aedat3,
    "five.bin": write_five_byte,
    "table.csv": write_csv,
    "event.dat": lambda path, e: path.write_bytes(dat(rows_of(e), size=(e.height, e.width))),
    "layers.h5": write_h5,
    "array.npy": write_npy,
    "four.npz": write_npz,
    "evt2.raw": write_raw("EVT2", evt2_words),
    "evt3.raw": write_raw("EVT3", lambda rows: evt3_words(rows, vectors=True)),
}


def writer_of(name):
    """By the end of the name, else by its suffix."""
    ends = [known for known in WRITERS if name.endswith(known)]
    like = [known for known in WRITERS if known.endswith(name[name.rindex(".") :])]
    return WRITERS[(ends or like)[0]]


def write(folder, *names, seed=0, **options):
    """Recordings of these names below a folder, each of its own events."""
    for n, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        writer_of(path.name)(path, events_of(seed + n, **options))
    return folder
