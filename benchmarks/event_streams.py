"""The events that the benchmarks count: synthetic streams, and recordings of N-MNIST."""

import os
from pathlib import Path

import numpy as np

from tssd.events import Events
from tssd.events.formats.five_byte import read_five_byte

DURATION = 1_600_000  # microseconds
SIDE = 128
NMNIST_SAMPLES = 1100


def stream(count: int, *, seed: int = 0, duration: int = DURATION) -> Events:
    """`count` events on 128x128 pixels: half noise, half from a blob that crosses the sensor."""
    draw = np.random.default_rng(seed)
    t = np.sort(draw.integers(0, duration, count))
    t[0] = 0
    place = draw.integers(0, SIDE, (2, count))
    blob = draw.random(count) < 0.5
    centre = np.stack([t * SIDE / duration, np.full(count, SIDE / 2)])
    moving = np.clip(centre + draw.normal(0, SIDE / 16, (2, count)), 0, SIDE - 1).astype(int)
    x, y = np.where(blob, moving, place).astype(np.uint16)
    p = draw.integers(0, 2, count).astype(np.uint8)
    return Events(t.astype(np.int64), x, y, p, height=SIDE, width=SIDE)


def nmnist(most: int = NMNIST_SAMPLES) -> list[Events]:
    """Recordings of N-MNIST below the data root (TSSD_DATA), the first of the two parts' files.

    Empty if there are none.
    """
    root = os.environ.get("TSSD_DATA")
    files = sorted(Path(root, "NMNIST").glob("T*/*/*.bin")) if root else []
    return [read_five_byte(file) for file in files[:most]]


def structured(events: Events) -> np.ndarray:
    """The same as tonic holds it: columns of int64, here with the first event at time zero."""
    table = np.zeros(len(events), dtype=[(name, np.int64) for name in ("x", "y", "t", "p")])
    for name in ("x", "y", "t", "p"):
        table[name] = getattr(events, name)
    table["t"] -= events.t[0]
    return table
