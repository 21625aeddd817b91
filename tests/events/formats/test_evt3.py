import numpy as np
import pytest

from tssd.events.formats import evt3
from tssd.events.formats.prophesee import read_prophesee

from .prophesee_files import evt3_words, raw, rows_of, wizard
from .recordings import assert_same, of, recording, rows

# Time 1 * 4096 + 2, row 20.
BEGIN = [8 << 12 | 1, 6 << 12 | 2, 20]


def read(words, **options):
    return read_prophesee(raw(words, form="EVT3"), name="a.raw", **options)


def test_single_events_by_hand():
    words = [*BEGIN, 2 << 12 | 1 << 11 | 9, 0xA << 12, 0xE << 12, 6 << 12 | 3, 2 << 12 | 10]
    assert rows(read(words)) == [[4098, 9, 20, 1], [4099, 10, 20, 0]]


def test_vectors_by_hand():
    # Columns from 100 on: bits 0 and 11 of the first twelve, then bit 2 of the next eight.
    words = [*BEGIN, 3 << 12 | 1 << 11 | 100, 4 << 12 | 0x801, 5 << 12 | 0b100]
    assert rows(read(words)) == [[4098, x, 20, 1] for x in (100, 111, 114)]
    # The upper four of the twelve bits of a vector of eight mean nothing.
    assert rows(read([*BEGIN, 3 << 12 | 100, 5 << 12 | 0xF01])) == [[4098, 100, 20, 0]]


def test_new_upper_bits_begin_at_lower_bits_zero():
    words = [*BEGIN, 8 << 12 | 2, 2 << 12 | 5, 6 << 12 | 1, 2 << 12 | 6]
    assert rows(read(words)) == [[8192, 5, 20, 0], [8193, 6, 20, 0]]
    repeated = [*BEGIN, 8 << 12 | 1, 2 << 12 | 5]  # as cameras do
    assert rows(read(repeated)) == [[4098, 5, 20, 0]]


def test_events_in_rows_of_another_kind_are_no_pixel_events():
    words = [*BEGIN, 1 << 12 | 7, 2 << 12 | 5, 8, 2 << 12 | 6]
    assert rows(read(words)) == [[4098, 6, 8, 0]]


def in_runs(seed=0, latest=9_000):
    """Events of which many are neighbours in a row at the same time."""
    draw = np.random.default_rng(seed)
    found = []
    for t in np.sort(draw.integers(0, latest, 150)):
        y, p, begin = draw.integers(0, 128), draw.integers(0, 2), draw.integers(0, 100)
        found += [(t, x, y, p) for x in begin + np.flatnonzero(draw.random(26) < 0.5)]
    return of(*zip(*found, strict=True))


@pytest.mark.parametrize("vectors", [False, True])
@pytest.mark.parametrize("block", [97, 2**18])
def test_what_a_plain_encoder_writes_comes_back(monkeypatch, vectors, block):
    monkeypatch.setattr(evt3, "BLOCK", block)
    events = in_runs()
    words = evt3_words(rows_of(events), vectors=vectors)
    assert ((5 << 12) | 0 in [w & 0xF000 for w in words]) == vectors
    assert_same(read(words, strict=True), events)


def test_the_time_goes_on_when_its_24_bits_wrap():
    events = recording(50, latest=40_000_000)
    found = read(evt3_words(rows_of(events)))
    np.testing.assert_array_equal(found.t, events.t)


def test_what_says_neither_when_nor_where_is_left_out(caplog):
    caplog.set_level("INFO", logger="tssd")
    early = [2 << 12 | 1, 20, 2 << 12 | 1, 8 << 12 | 1, 5 << 12 | 1]
    assert rows(read([*early, 2 << 12 | 7])) == [[4096, 7, 20, 0]]
    assert "a.raw: 3 events of no known time and row are left out" in caplog.text


def test_as_expelliarmus(tmp_path):
    reader = wizard("evt3")
    # Not longer: it counts a wrap whenever the lower bits of the time fall, OpenEB never does.
    events = in_runs(seed=1, latest=4_000)
    words = evt3_words(rows_of(events), vectors=True)
    (tmp_path / "a.raw").write_bytes(raw(words, form="EVT3"))
    found = reader.read(str(tmp_path / "a.raw"))
    for key in "txyp":
        np.testing.assert_array_equal(found[key], getattr(events, key))
