import io

import numpy as np
import pytest

from tssd.errors import DataError
from tssd.events.formats.columns import Columns
from tssd.events.formats.npy import read_npy

from .recordings import assert_same, recording, rows

TWO = [[5, 1, 3, 0], [7, 2, 4, 1]]
TONIC = [("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "?")]


def saved(array, **options):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), **options)
    return buffer.getvalue()


def structured(events, dtype=TONIC):
    array = np.empty(len(events), dtype=dtype)
    for key in "txyp":
        array[key] = getattr(events, key)
    return array


def read(data, *order, unit="us"):
    columns = Columns(order or None, unit)
    return read_npy(data, height=128, width=128, columns=columns, name="a.npy")


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_tonics_arrays(version):
    events = recording(2_000)
    assert_same(read(saved(structured(events), version=version)), events)


def test_what_tonic_itself_makes():
    io_of = pytest.importorskip("tonic.io")
    events = recording(50)
    made = io_of.make_structured_array(events.x, events.y, events.t, events.p)
    assert_same(read(saved(made)), events)


@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_of_plain_numbers(order):
    # As tonic's recordings of DVS-Gesture: x, y, p and milliseconds.
    array = np.array([[1, 3, 0, 0.005], [2, 4, 1, 0.007]], order=order)
    assert rows(read(saved(array), "x", "y", "p", "t", unit="ms")) == TWO
    with pytest.raises(DataError, match="does not say what its 4 columns are"):
        read(saved(array))


def test_no_events_are_noted():
    assert read(saved(np.empty(0, TONIC))).notes == ("a.npy holds no events",)


class Trap:
    def __reduce__(self):
        return print, ("caught",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"starts with nothing \(0 bytes\), expected NumPy's array"),
        (saved(np.array([Trap()], object), allow_pickle=True), "holds Python objects, expected"),
        (saved(np.zeros(3)), r"has float64 of shape \[3\], expected a structured array"),
        (saved(np.zeros((2, 2), TONIC)), r"has .* of shape \[2, 2\], expected a structured array"),
        (saved(np.zeros(2, [("x", "<i2"), ("t", "<i8")])), r"has the columns \['x', 't'\], none"),
        (saved(np.zeros(2, TONIC))[:-1], r"says \[2\] entries of 13 bytes, 26 in all, but has 25"),
        (saved(np.zeros(2, TONIC)).replace(b"(2,)", b"(9,)"), r"says \[9\] entries of 13 bytes"),
        (saved(np.zeros(2, TONIC)).replace(b"'shape'", b"'shap('"), "is a damaged .npy file"),
        (b"\x93NUMPY\x09\x00", "is a damaged .npy file"),
        (b"\x93NUMPY\x01\x00\xff\xff{", "is a damaged .npy file"),
    ],
)
def test_other_arrays_are_refused(data, message, capsys):
    with pytest.raises(DataError, match=f"^a.npy {message}") as raised:
        read(data)
    assert "\n" not in str(raised.value)
    assert capsys.readouterr().out == ""
