import shutil

import numpy as np
import pytest

from tssd.errors import DataError
from tssd.events.datasets.trials import LISTS, find_trials, labels_of, read_list
from tssd.events.formats.aedat3 import write_aedat3
from tssd.events.formats.gesture_labels import GestureWindow, write_labels
from tssd.simulate.datasets.gesture_trial import GestureStyle, record_trial

STYLE = GestureStyle(seconds=0.05, rate=4000.0)
TRIALS = {"user02_led": 2, "user22_led": 22, "user24_led": 24}


@pytest.fixture(scope="module")
def recorded():
    """Events and windows of three trials, one with the original's label error."""
    return {name: record_trial(name, user, 3, style=STYLE) for name, user in TRIALS.items()}


@pytest.fixture(scope="module")
def original(recorded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trials")
    for name, (events, windows) in recorded.items():
        write_aedat3(folder / f"{name}.aedat", events)
        write_labels(folder / f"{name}_labels.csv", windows)
    (folder / LISTS["train"]).write_text("user22_led.aedat\nuser02_led.aedat\n\n")
    (folder / LISTS["test"]).write_text("user24_led.aedat\r\n")
    return folder


@pytest.fixture
def tree(original, tmp_path):
    return shutil.copytree(original, tmp_path / "DvsGesture")


def test_trials_come_by_part_and_name(original):
    found = find_trials(original)
    assert {part: [trial.name for trial in trials] for part, trials in found.items()} == {
        "train": ["user02_led.aedat", "user22_led.aedat"],
        "test": ["user24_led.aedat"],
    }
    assert found["train"][0].samples == 12
    csv = (original / "user02_led_labels.csv").read_text().splitlines()[1:]
    classes = [int(row.split(",")[0]) for row in csv]
    assert [window.label for window in found["train"][0].windows] == [c - 1 for c in classes]


@pytest.mark.parametrize("name", TRIALS)
def test_every_sample_holds_exactly_the_events_of_its_own_time(original, recorded, name):
    events, windows = recorded[name]
    trial = next(t for part in find_trials(original).values() for t in part if name in t.name)
    samples = trial.read()
    for sample, window in zip(samples, windows, strict=True):
        inside = (events.t >= window.start) & (events.t < window.end)
        assert inside.sum() > 20
        np.testing.assert_array_equal(sample.t, events.t[inside] - window.start)
        for field in ("x", "y", "p"):
            np.testing.assert_array_equal(getattr(sample, field), getattr(events, field)[inside])


def test_windows_that_overlap_by_the_known_label_error_share_events(recorded):
    windows = {window.label: window for window in recorded["user22_led"][1]}
    assert windows[8].end > windows[9].start  # else the test above shows nothing


def test_the_stamp_changes_with_either_file(tree):
    def stamp():
        return find_trials(tree)["test"][0].stamp

    first = stamp()
    (tree / "user24_led_labels.csv").write_text("class,startTime_usec,endTime_usec\n1,0,99\n")
    second = stamp()
    write_aedat3(tree / "user24_led.aedat", record_trial("x", 1, 1, style=STYLE)[0])
    assert len({first, second, stamp()}) == 3


def test_all_missing_files_are_named_at_once(tree):
    (tree / "user02_led_labels.csv").unlink()
    (tree / "user24_led_labels.csv").unlink()
    (tree / "user22_led.aedat").unlink()
    with pytest.raises(DataError) as raised:
        find_trials(tree)
    assert str(raised.value) == (
        f"{tree}: 3 listed files are missing (user02_led_labels.csv, user22_led.aedat, "
        "user24_led_labels.csv); unpack the archive again, or use what is there with "
        "--data.allow_incomplete true"
    )
    assert find_trials(tree, allow_incomplete=True) == {"train": [], "test": []}


def test_a_trial_in_both_lists_is_refused(tree):
    (tree / LISTS["test"]).write_text("user24_led.aedat\nuser22_led.aedat\n")
    with pytest.raises(DataError, match=r"user22_led\.aedat is in both lists of trials; restore"):
        find_trials(tree)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"trials_to_test\.txt is no readable list of recordings \(.*No such file"),
        (b"\xff\xfe\x00", r"trials_to_test\.txt is no readable list of recordings"),
        (b"", r"trials_to_test\.txt: expected the name of an \.aedat file on each line"),
        (b"<html>\nuser24_led.aedat", r"trials_to_test\.txt: expected the name of an \.aedat"),
    ],
)
def test_a_damaged_list_is_named(tree, content, message):
    path = tree / LISTS["test"]
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DataError, match=message) as raised:
        find_trials(tree)
    assert "\n" not in str(raised.value)


def test_a_list_is_sorted_and_names_each_once(tmp_path):
    (tmp_path / "list").write_text("b.aedat\na.aedat\nb.aedat")
    assert read_list(tmp_path / "list") == ["a.aedat", "b.aedat"]
    assert labels_of("a.aedat") == "a_labels.csv"


@pytest.mark.parametrize("gesture", [0, 12])
def test_a_class_that_does_not_exist_is_named_with_its_row(tree, gesture):
    path = tree / "user24_led_labels.csv"
    path.write_text(f"class,startTime_usec,endTime_usec\n1,0,99\n{gesture},100,200\n")
    expected = rf"user24_led_labels\.csv, line 3: class is {gesture}, expected 1 to 11"
    with pytest.raises(DataError, match=expected):
        find_trials(tree)


def test_windows_beyond_the_end_of_a_cut_off_recording_are_left_out(tree, recorded, caplog):
    events, windows = recorded["user02_led"]
    path = tree / "user02_led.aedat"
    # Cut in the middle of an event of the sixth gesture.
    keep = int(np.searchsorted(events.t, windows[5].start)) + 20
    size = path.stat().st_size
    one_packet = size - 8 * len(events)
    assert len(events) <= 4096 and one_packet < 300
    path.write_bytes(path.read_bytes()[: one_packet + 8 * keep + 3])
    trial = find_trials(tree)["train"][0]
    assert trial.samples == 6
    assert f"{path} ends at {events.t[keep - 1]} us, before 6 of its 12 gestures" in caplog.text
    samples = trial.read()
    assert [len(sample) > 0 for sample in samples] == [True] * 6
    assert samples[5].t[-1] == events.t[keep - 1] - windows[5].start
    with pytest.raises(DataError, match="before 6 of its 12 gestures start: get the recording ag"):
        find_trials(tree, strict=True)


def test_a_window_without_events_is_an_empty_sample(tree, recorded):
    end = int(recorded["user24_led"][0].t[-1])
    write_labels(tree / "user24_led_labels.csv", [GestureWindow(3, end + 0, end + 1)])
    trial = find_trials(tree)["test"][0]
    assert [len(sample) for sample in trial.read()] == [1]
    write_labels(tree / "user24_led_labels.csv", [GestureWindow(3, 0, 1)])
    assert [len(sample) for sample in find_trials(tree)["test"][0].read()] == [0]
