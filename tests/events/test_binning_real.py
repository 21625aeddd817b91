"""Frames of real N-MNIST recordings against tonic's and SpikingJelly's."""

import os
from pathlib import Path

import numpy as np
import pytest
import tonic
from spikingjelly.datasets.utils import integrate_events_by_fixed_duration

from tssd.events.binning import to_frames
from tssd.events.formats.five_byte import read_five_byte
from tssd.events.slicing import FixedTime

DT, SLICES = 30, 10
FILES = 150


@pytest.fixture(scope="module")
def recordings():
    root = os.environ.get("TSSD_DATA")
    files = sorted(Path(root, "NMNIST").glob("T*/*/*.bin")) if root else []
    if not files:
        pytest.skip("no N-MNIST recordings in TSSD_DATA/NMNIST")
    return [read_five_byte(file) for file in files[:: max(1, len(files) // FILES)]]


@pytest.mark.data
def test_frames_equal_tonics(recordings):
    transform = tonic.transforms.ToFrame(
        sensor_size=(34, 34, 2), time_window=DT * 1000, start_time=0, end_time=SLICES * DT * 1000
    )
    dtype = [(name, np.int64) for name in ("x", "y", "t", "p")]
    for events in recordings:
        table = np.zeros(len(events), dtype=dtype)
        for name in ("x", "y", "p"):
            table[name] = getattr(events, name)
        table["t"] = events.t - events.t[0]
        frames = to_frames(events, FixedTime(DT), SLICES)
        np.testing.assert_array_equal(frames.counts, transform(table))
        assert frames.saturated == 0


@pytest.mark.data
def test_frames_equal_spikingjellys(recordings):
    for events in recordings:
        columns = {name: getattr(events, name) for name in ("t", "x", "y", "p")}
        theirs = integrate_events_by_fixed_duration(columns, DT * 1000, 34, 34)
        # Its last slice takes an event at its very end too.
        whole = len(theirs) - 1
        ours = to_frames(events, FixedTime(DT), whole).counts
        np.testing.assert_array_equal(ours, theirs[:whole])
