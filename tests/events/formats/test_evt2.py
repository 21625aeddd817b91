import numpy as np
import pytest

from tssd.errors import DataError
from tssd.events.formats import evt2
from tssd.events.formats.prophesee import read_prophesee

from .prophesee_files import evt2_words, raw, rows_of, wizard
from .recordings import assert_same, recording, rows


def read(words, **options):
    return read_prophesee(raw(words, form="EVT2"), name="a.raw", **options)


def test_words_by_hand():
    # Time 3 * 64 + 5; ON at (7, 9), then OFF at (127, 0) a microsecond later; a trigger between.
    words = [8 << 28 | 3, 1 << 28 | 5 << 22 | 7 << 11 | 9, 0xA << 28, 6 << 22 | 127 << 11]
    assert rows(read(words)) == [[197, 7, 9, 1], [198, 127, 0, 0]]


@pytest.mark.parametrize("block", [7, 2**20])
def test_what_a_plain_encoder_writes_comes_back(monkeypatch, block):
    monkeypatch.setattr(evt2, "BLOCK", block)
    events = recording(500, latest=3_000)
    assert_same(read(evt2_words(rows_of(events)), strict=True), events)
    big = raw(evt2_words(rows_of(events)), form="EVT2", order=">")
    big = big.replace(b"EVT2;", b"EVT2;endianness=big;")
    assert_same(read_prophesee(big, name="a.raw"), events)


def test_the_time_goes_on_when_its_28_bits_wrap():
    first = 2**34 - 100
    events = recording(300, latest=200)
    moved = [(t + first, x, y, p) for t, x, y, p in rows_of(events)]
    found = read(evt2_words(moved))
    np.testing.assert_array_equal(found.t, events.t + first)


@pytest.mark.parametrize("split", [1, 2, 3, 9])
def test_words_that_come_late_over_a_wrap_go_back_and_gaps_do_not(split):
    def times(*values):
        clock, held = evt2.HighBits(12), []
        for part in (values[:split], values[split:]):
            held += clock.at_each(np.ones(len(part), dtype=bool), np.array(part, int)).tolist()
        return held

    assert times(4095, 0, 4095, 0) == [4095, 4096, 4095, 4096]
    assert times(4090, 5, 4094, 4095, 6, 4000, 20) == [4090, 4101, 4094, 4095, 4102, 4000, 4116]
    assert times(10, 8, 3000, 100, 90, 2500) == [10, 8, 3000, 4196, 4186, 6596]


def test_events_before_the_first_time_are_left_out(caplog):
    caplog.set_level("INFO", logger="tssd")
    words = [1 << 28 | 5 << 22, *evt2_words([(64, 1, 2, 1)])]
    assert rows(read(words, strict=True)) == [[64, 1, 2, 1]]
    assert "a.raw: 1 events of no known time and row are left out" in caplog.text


def test_a_cut_off_end_is_noted():
    data = raw(evt2_words([(64, 1, 2, 1)]), form="EVT2") + b"\1\2\3"
    found = read_prophesee(data, name="a.raw")
    assert found.notes == ("a.raw is cut off: the last 3 bytes are no whole word, dropped",)
    with pytest.raises(DataError, match="is cut off"):
        read_prophesee(data, name="a.raw", strict=True)


def test_no_words_are_no_events():
    assert read([]).notes == ("a.raw holds no events",)


def test_as_expelliarmus(tmp_path):
    reader = wizard("evt2")
    events = recording(2_000, latest=50_000)
    (tmp_path / "a.raw").write_bytes(raw(evt2_words(rows_of(events)), form="EVT2"))
    found = reader.read(str(tmp_path / "a.raw"))
    for key in "txyp":
        np.testing.assert_array_equal(found[key], getattr(events, key))
