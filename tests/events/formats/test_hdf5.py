import importlib.util
import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tssd.errors import DataError, UsageError
from tssd.events.formats import hdf5
from tssd.events.formats.columns import Columns
from tssd.events.formats.hdf5 import hdf5_sensor, read_hdf5

from .recordings import assert_same, recording
from .test_npy import structured

h5py = pytest.importorskip("h5py")
PROPHESEE = [("x", "<u2"), ("y", "<u2"), ("p", "<i2"), ("t", "<i8")]


def stored(arrays=(), attrs=(), **options):
    """An HDF5 file of these arrays by path, with these attributes."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for path, array in dict(arrays).items():
            file.create_dataset(path, data=array, **options)
        file.attrs.update(dict(attrs))
    return buffer.getvalue()


def four(events, group=""):
    return {f"{group}{key}": getattr(events, key) for key in "txyp"}


def read(data, **options):
    return read_hdf5(data, name="a.h5", **{"height": 128, "width": 128, **options})


@pytest.mark.parametrize("options", [{}, {"chunks": True, "compression": "gzip"}])
@pytest.mark.parametrize("layout", ["CD/events", "events", "events/", ""])
def test_every_layout_gives_the_same_events(layout, options):
    events = recording(500)
    is_table = layout.endswith("events")
    arrays = {layout: structured(events, PROPHESEE)} if is_table else four(events, layout)
    assert_same(read(stored(arrays, **options), strict=True), events)


@pytest.mark.parametrize(
    "attrs",
    [{"geometry": "150x140"}, {"height": 140, "width": 150}, {"Height": "140", "WIDTH": b"150"}],
)
def test_the_sensor_is_what_the_file_says(attrs):
    data = stored(four(recording(5)), attrs)
    assert hdf5_sensor(data, name="a.h5") == (140, 150)
    assert (read(data).height, read(data).width) == (140, 150)


def test_the_sensor_may_stand_beside_as_numbers_or_not_at_all():
    events = recording(5)
    beside = {"events/height": 140, "events/width": 150}
    assert hdf5_sensor(stored(four(events, "events/") | beside), name="a") == (140, 150)
    assert hdf5_sensor(stored(four(events)), name="a") is None
    assert read(stored(four(events)), height=130).height == 130


def test_times_of_another_unit_and_signed_polarity():
    events = recording(50, latest=1000)
    arrays = four(events) | {"t": events.t / 1e6, "p": events.p * 2.0 - 1}
    found = read(stored(arrays), columns=Columns(None, "s"))
    assert_same(found, events)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"starts with nothing \(0 bytes\), expected HDF5"),
        (
            stored({"spikes/times": [1.0]}),
            r"has no events where they are looked for \(it holds spikes",
        ),
        (stored({"events": np.zeros(3)}), "has no events where they are looked for"),
        (stored({"t": [1], "x": [1], "y": [1], "p": [1, 0]}), "has columns of different length"),
        (stored()[:300], "is a damaged HDF5 file"),
        (b"\x89HDF\r\n\x1a\n" + b"\xff" * 200, "is a damaged HDF5 file"),
    ],
)
def test_other_files_are_refused(data, message):
    with pytest.raises(DataError, match=f"^a.h5 {message}") as raised:
        read(data)
    assert "\n" not in str(raised.value)


def test_arrays_that_would_fill_the_memory_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr(hdf5, "FREE_BYTES", 0)
    zeros = np.zeros(2**20, dtype=np.int64)
    data = stored(dict.fromkeys("txyp", zeros), chunks=True, compression="gzip", shuffle=True)
    with pytest.raises(DataError, match=r"bytes would unpack to 33554432, expected at most \d+"):
        read(data)


@pytest.mark.parametrize(
    ("ecf", "message"),
    [(1, "deflate, Prophesee's own: build github.com/prophesee-ai/hdf5_ecf"),
     (2, r"deflate, which is not installed: pip install 'tssd\[hdf5\]'")],
)  # fmt: skip
def test_a_filter_that_is_not_there_is_named(monkeypatch, ecf, message):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "hdf5plugin" else real(name)
    )
    data = stored(four(recording(500)), chunks=True, compression="gzip")
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: False)
    monkeypatch.setattr(hdf5, "ECF", ecf)  # gzip is filter 1
    with pytest.raises(DataError, match=f"a.h5 is packed by the filter {message}"):
        read(data)


def test_without_h5py_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"a.h5: h5py, .*: pip install 'tssd\[hdf5\]'"):
        read(stored(four(recording(5))))


def test_damage_anywhere_is_one_line():
    data = stored(four(recording(40)), {"geometry": "128x128"}, chunks=True, compression="gzip")
    draw = np.random.default_rng(0)
    told = 0
    for place in draw.integers(8, 1400, 60).tolist():
        damaged = bytearray(data)
        damaged[place : place + 4] = draw.bytes(4)
        try:
            read(bytes(damaged))
        except DataError as error:
            assert "\n" not in str(error)
            told += 1
    assert told


def test_threads_may_read_at_once():
    events = [recording(2_000, seed=seed) for seed in range(8)]
    files = [stored(four(each), chunks=True, compression="gzip") for each in events]
    with ThreadPoolExecutor(4) as pool:
        for found, expected in zip(pool.map(read, files * 2), events * 2, strict=True):
            assert_same(found, expected)
