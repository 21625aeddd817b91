import io
import zipfile

import numpy as np
import pytest

from tssd.errors import DataError, UsageError
from tssd.events.formats.npz import read_npz, write_npz

from .recordings import assert_same, of, recording

ARRAYS = {
    "t": np.array([5, 7]),
    "x": np.array([1, 2]),
    "y": np.array([3, 4]),
    "p": np.array([0, 1]),
}


def archive(save=np.savez, **changes):
    """An .npz of two events; a change to None leaves the array out."""
    arrays = {key: value for key, value in {**ARRAYS, **changes}.items() if value is not None}
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def read(data, **options):
    return read_npz(data, height=128, width=128, name="a.npz", **options)


@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_written_comes_back_exactly(tmp_path, compressed):
    events, path = recording(200_000, latest=2**40), tmp_path / "a.npz"
    write_npz(path, events, compressed=compressed)
    assert_same(read_npz(path, height=128, width=128), events)
    with np.load(path) as arrays:
        assert sorted(arrays) == ["p", "t", "x", "y"]
        np.testing.assert_array_equal(arrays["t"], events.t)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", ["<u4", ">u4", "<i2", "u1", "<i8", "<u8"])
def test_spikingjellys_types(save, dtype):
    changes = {key: value.astype(dtype) for key, value in ARRAYS.items()}
    assert_same(read(archive(save, **changes)), of([5, 7], [1, 2], [3, 4], [0, 1]))


def test_polarity_may_be_boolean():
    assert read(archive(p=np.array([True, False]))).p.tolist() == [1, 0]


def test_the_size_comes_from_the_data_where_it_is_not_given():
    events = read_npz(archive(), height=None, width=None)
    assert (events.height, events.width) == (5, 3)


def test_no_events_are_noted():
    empty = np.empty(0, dtype=np.int64)
    events = read(archive(t=empty, x=empty, y=empty, p=empty))
    assert (len(events), events.notes) == (0, ("a.npz holds no events",))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"p": None}, r"no p among its members \['t.npy', 'x.npy', 'y.npy'\]"),
        ({"p": np.array([-1, 1])}, "p from -1 to 1, expected 0 and 1"),
        ({"p": np.array([0])}, "different length: {'t': 2, 'x': 2, 'y': 2, 'p': 1}"),
        ({"t": np.array([0.5, 1.5])}, r"no one-dimensional integer array in t .*'<f8'"),
        ({"x": np.array([[1, 2]])}, "no one-dimensional integer array in x"),
        ({"x": np.array([-1, -2])}, "2 of 2 events off the sensor"),
        ({"t": np.array([1, 2**63], dtype=np.uint64)}, "t up to 9223372036854775808"),
        ({"t": np.array([{}, 1], dtype=object)}, "no one-dimensional integer array in t"),
    ],
)
def test_other_arrays_are_refused(changes, message):
    with pytest.raises(DataError, match=f"^a.npz has .*{message}"):
        read(archive(**changes))


def test_an_array_that_claims_more_than_is_there_is_refused_before_it_is_made():
    data = archive().replace(b"'shape': (2,), }      ", b"'shape': (99999999,), }")
    with pytest.raises(DataError, match="damaged zip archive"):  # the check sum, first of all
        read(data)
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        member, {"descr": "<i8", "fortran_order": False, "shape": (10**17,)}
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for key in ARRAYS:
            file.writestr(f"{key}.npy", member.getvalue() + b"\0" * 16)
    with pytest.raises(DataError, match="says 100000000000000000 entries of 8 bytes in t, but has"):
        read(buffer.getvalue())


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    zeros = np.zeros(2_000_000, dtype=np.int64)
    data = archive(np.savez_compressed, t=zeros, x=zeros, y=zeros, p=zeros)
    assert len(data) < 80_000
    with pytest.raises(DataError, match="would unpack to 64000512, expected at most .* bomb"):
        read(data)


def test_other_compression_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as file:
        for key in ARRAYS:
            file.writestr(f"{key}.npy", b"")
    with pytest.raises(DataError, match="compressed otherwise than by deflate"):
        read(buffer.getvalue())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"starts with nothing \(0 bytes\), expected a zip archive"),
        (b"#!AER-DAT2.0\r\n", "starts with AEDAT 2.0, expected a zip archive"),
        (b"<html>", "is an HTML page"),
        (archive()[:-30], "is a damaged zip archive"),
        (archive()[:100] + b"\xff" + archive()[101:], "is a damaged zip archive"),
    ],
)
def test_what_is_no_whole_archive_is_refused(data, message):
    with pytest.raises(DataError, match=f"^a.npz {message}"):
        read(data)


def test_coordinates_off_the_sensor_and_strict():
    t = np.arange(200)
    x, data = np.zeros(200, dtype=np.int64), {}
    x[7] = 2**16
    data = archive(t=t, x=x, y=x * 0, p=x * 0)
    assert len(read(data)) == 199
    with pytest.raises(DataError, match="1 of 200 events off the sensor"):
        read(data, strict=True)


def test_wrong_values_are_refused(tmp_path):
    with pytest.raises(UsageError, match="height is 0"):
        read_npz(archive(), height=0, width=1)
    with pytest.raises(UsageError, match="p from 2 to 2"):
        write_npz(tmp_path / "a.npz", of([1], [0], [0], [2]))
    assert not list(tmp_path.iterdir())
