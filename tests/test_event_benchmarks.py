"""That the event benchmarks compare like with like, and write only their own part of the page."""

import numpy as np
import pytest
from benchmarks import __main__ as command
from benchmarks import event_cache, event_files
from benchmarks.event_binning import PEERS, Task
from benchmarks.event_cache import Build
from benchmarks.event_files import Wanted, frame_makers
from benchmarks.event_streams import stream
from benchmarks.event_tables import PROTOCOL, Results, sections, targets
from benchmarks.timing import Samples
from spikingjelly.datasets.utils import load_aedat_v3

from tssd.events.formats.aedat2 import write_aedat2
from tssd.events.formats.aedat3 import read_aedat3, write_aedat3

EVENTS = stream(20_000)


def test_peers_make_the_same_frames():
    task = Task("x", [EVENTS, stream(20_000, seed=1)], 100, 16)
    assert task.events == 40_000
    frames = {name: make(task)() for name, make in PEERS.items()}
    assert frames["tssd"][0].max() > 3  # the blob
    for n in range(2):
        for name in ("tonic", "SpikingJelly"):
            np.testing.assert_array_equal(frames["tssd"][n], frames[name][n], err_msg=name)


@pytest.mark.parametrize("wanted", [Wanted(100, 16), Wanted(10, 10), Wanted(10, 10, (48, 48))])
def test_peers_make_the_same_frames_of_a_file(tmp_path, wanted):
    path = tmp_path / "events.aedat"
    write_aedat2(path, EVENTS)
    ours, theirs = (make() for make in frame_makers(path, wanted).values())
    assert ours.sum() > 100
    np.testing.assert_array_equal(ours, theirs)


def test_peers_read_the_same_events(tmp_path):
    path = tmp_path / "events.aedat"
    write_aedat3(path, EVENTS)
    ours, theirs = read_aedat3(path), load_aedat_v3(path)
    for name in ("t", "x", "y", "p"):
        np.testing.assert_array_equal(getattr(ours, name), theirs[name], err_msg=name)


def test_readers_copy_the_same_samples(tmp_path):
    recordings = event_cache.files(tmp_path / "files", 20)
    copied = [read() for read in event_cache.readers(tmp_path / "caches", recordings).values()]
    assert copied == [20 * 16 * 2 * 48 * 48] * 2


def test_caches_are_measured(tmp_path):
    samples, size = event_cache.measure_start(tmp_path, samples=10, rounds=1)
    assert set(samples) == {"warm", "after a copy"}
    assert size == 10 * 10 * 2 * 48 * 48 + 128
    build = event_cache.measure_build(tmp_path, 5)
    assert build.samples == 5 and build.peak > 16 * 2 * 48 * 48


def test_files_are_measured(tmp_path):
    samples = event_files.measure_frames(EVENTS, Wanted(100, 2), tmp_path, rounds=1)
    assert list(samples) == ["tssd", "tonic's parts"]
    assert list(event_files.measure_aedat3(EVENTS, tmp_path, rounds=1)) == ["tssd", "SpikingJelly"]


def results(*, slow):
    def seconds(value):
        return Samples((value,))

    peers = {"tssd": seconds(1.0), "tonic": seconds(slow), "SpikingJelly": seconds(slow)}
    files = {"tssd": seconds(1.0), "tonic's parts": seconds(slow)}
    return Results(
        binning={"200,000 events": (peers, 10), "N-MNIST, 3 recordings": (peers, 10)},
        frames={"whole": files, PROTOCOL: files},
        decoding=(peers, 10),
        reading={"tssd": seconds(slow / 4), "raw": seconds(1.0)},
        start={"warm": seconds(slow / 8)},
        start_title="a cache",
        builds=(Build(1, 100, 50, 1.0), Build(2, 1100, 50 + int(10 * slow), 1.0)),
    )


def test_targets_tell_met_from_missed():
    lines = targets(results(slow=8.0)).splitlines()[2:]
    verdicts = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert [row[1:] for row in verdicts] == [
        ["at least 10", "8.0 (8.0 to 8.0)", "**missed**"],
        ["at least 5", "8.0 (8.0 to 8.0)", "met"],
        ["at least 10", "8.0 (8.0 to 8.0)", "**missed**"],
        ["at least 20", "8.0 (8.0 to 8.0)", "**missed**"],
        ["at most 2", "2.00 (2.00 to 2.00)", "met"],
        ["below 1", "1.00", "**missed**"],
        ["at most 5 % of the frames", "0.0 MiB of 0.0 MiB", "**missed**"],
    ]
    assert "missed" not in targets(results(slow=4.0)).splitlines()[8]
    assert PROTOCOL in sections(results(slow=8.0))


def test_each_side_writes_between_its_own_markers():
    page = command.PAGE.read_text(encoding="utf-8")
    events = {"begin": command.EVENTS_BEGIN, "end": command.EVENTS_END}
    network = {"begin": command.BEGIN, "end": command.END}
    once = command.put(page, "NEW EVENTS", **events)
    assert (
        "NEW EVENTS" in once
        and once.split(command.EVENTS_BEGIN)[0] == page.split(command.EVENTS_BEGIN)[0]
    )
    both = command.put(once, "NEW NETWORK", **network)
    assert "NEW EVENTS" in both and "NEW NETWORK" in both
    assert both.split(command.END)[1] == once.split(command.END)[1]
    assert command.put(both, "NEW NETWORK", **network) == both
