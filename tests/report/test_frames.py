import re

import numpy as np
import pytest

from tssd.report.frames import coloured, plot_frames


@pytest.fixture
def frames():
    counts = np.zeros((9, 2, 6, 6), dtype=np.uint8)
    counts[0, 0, 1, 2], counts[0, 1, 3, 4], counts[8, 1, 0, 0] = 3, 2, 1
    return counts


@pytest.mark.parametrize(
    ("format", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_picture_in_every_format(tmp_path, frames, format, start):
    plot_frames(frames, tmp_path / "picture", title="frog", format=format)
    assert (tmp_path / "picture").read_bytes().startswith(start)


def test_every_timestep_has_a_panel_with_its_number_of_events(tmp_path, frames):
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none"}):
        plot_frames(frames, tmp_path / "a.svg", title="frog", format="svg")
    text = (tmp_path / "a.svg").read_text()
    found = re.findall(r">(t = \d+: \d+|all 9: 6 events|frog [^<]*)<", text)
    counts = ["t = 1: 5", *(f"t = {t}: 0" for t in range(2, 9)), "t = 9: 1"]
    assert sorted(found) == sorted(
        [*counts, "all 9: 6 events", "frog  (ON vermilion, OFF blue; numbers: events)"]
    )


@pytest.mark.parametrize("steps", [1, 8, 17])
def test_no_events_at_all_can_be_drawn(tmp_path, steps):
    plot_frames(np.zeros((steps, 2, 3, 3), np.uint8), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0


def test_colours():
    counts = np.zeros((2, 1, 4))
    counts[0, 0] = [0, 2, 0, 9]  # OFF
    counts[1, 0] = [0, 0, 1, 9]  # ON
    white, off, half_on, both = (255 * coloured(counts, 2.0)[0]).round(1).tolist()
    assert white == [255, 255, 255]
    assert off == [0x00, 0x72, 0xB2]
    assert half_on == [(255 + 0xD5) / 2, (255 + 0x5E) / 2, 255 / 2]
    assert both == [0, 0, 0]


def test_spike_counts_are_drawn_as_a_raster(tmp_path):
    import matplotlib

    counts = np.zeros((4, 1, 1, 30), np.uint8)
    counts[1, 0, 0, 7] = 3
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        plot_frames(counts, tmp_path / "a.svg", title="word", format="svg")
    text = (tmp_path / "a.svg").read_text()
    assert ">word  (3 spikes)<" in text and ">timestep<" in text and ">unit<" in text
