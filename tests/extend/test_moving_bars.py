from functools import partial

import numpy as np
import pytest

from tssd.events import Events
from tssd.events.formats.five_byte import write_five_byte
from tssd.testing import check_data_module

SIDE = 32
STEP = 1250  # microseconds a pixel: 32 of them in 40 ms


def bar(name, draw):
    """A bar of 20 pixels; where it comes a pixel is ON, where it has gone OFF a step later."""
    place = np.arange(SIDE) if name in ("right", "down") else np.arange(SIDE)[::-1]
    across = draw.integers(0, SIDE - 20) + np.arange(20)
    moved, wide = (grid.ravel() for grid in np.meshgrid(place, across, indexing="ij"))
    x, y = (moved, wide) if name in ("left", "right") else (wide, moved)
    come = np.repeat(np.arange(SIDE) * STEP, 20)
    t = np.concatenate([come, come + STEP]) + draw.integers(0, STEP, 2 * len(come))
    order = np.argsort(t, kind="stable")
    p = np.repeat([1, 0], len(come))
    x, y = (np.tile(each, 2)[order].astype(np.uint16) for each in (x, y))
    return Events(t[order], x, y, p[order].astype(np.uint8), height=SIDE, width=SIDE)


def record(root, seed=0, count=16):
    draw = np.random.default_rng(seed)
    for name in ("left", "right", "up", "down"):
        (root / "MovingBars" / name).mkdir(parents=True)
        for n in range(count):
            write_five_byte(root / "MovingBars" / name / f"{n}.bin", bar(name, draw))
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return record(tmp_path_factory.mktemp("bars"))


@pytest.fixture
def kind(part):
    return part("moving_bars").MovingBars


def test_it_keeps_the_contract(kind, root, tmp_path):
    changed = partial(kind, str(record(tmp_path, seed=1)))
    check_data_module(partial(kind, str(root)), changed=changed)


def test_a_bar_is_where_it_should_be(kind, root):
    data = kind(str(root), slices=4)
    x, label = data.dataset("test")[0]
    name = data.class_names[label]
    assert data.split_sizes == {"train": 52, "val": 4, "test": 8}
    axis = {"left": -1, "right": -1, "up": -2, "down": -2}[name]
    place = x[:, 1].numpy().sum(-2 if axis == -1 else -1)  # [T, 16] of ON events
    centre = (place * np.arange(16)).sum(1) / place.sum(1)
    moves = np.diff(centre)
    assert (moves > 3).all() if name in ("right", "down") else (moves < -3).all()


def test_a_network_is_trained_on_them(train, root, monkeypatch):
    monkeypatch.setenv("TSSD_DATA", str(root))
    parts, rows = train("moving_bars")
    assert parts.data.sample_shape == (2, 16, 16)
    assert parts.net.num_classes == 4
    assert 0 < float(rows[-1]["train/loss"]) < 10
