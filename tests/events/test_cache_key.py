"""The key: what changes it, and what does not."""

import pytest

from tssd.errors import DataError, UsageError
from tssd.events.cache_key import FORMAT, cache_key, folder_name, plain
from tssd.events.slicing import EqualCount, FixedTime

from .recordings import FileRecording, MemoryRecording, random_events, write


def sources(*, name="a", stamp=(10, 20), samples=1):
    return [
        MemoryRecording(name, list, stamp=stamp, samples=samples),
        MemoryRecording("b", list, stamp=(1, 2)),
    ]


BASE = {
    "key": {"dataset": "N-MNIST"},
    "recordings": sources(),
    "slicing": FixedTime(10.0),
    "slices": 4,
    "size": None,
    "bits": 8,
}


def made(**changes):
    options = BASE | changes
    return cache_key(options.pop("key"), options.pop("recordings"), **options)


@pytest.mark.parametrize(
    "change",
    [
        {"key": {"dataset": "N-MNIST", "orientation": "mlf"}},
        {"key": {"dataset": "other"}},
        {"recordings": sources(name="c")},
        {"recordings": sources(stamp=(10, 21))},
        {"recordings": sources(samples=2)},
        {"recordings": sources()[::-1]},
        {"recordings": sources()[:1]},
        {"slicing": FixedTime(20.0)},
        {"slicing": FixedTime(10.0, start="zero")},
        {"slicing": EqualCount()},
        {"slices": 5},
        {"size": (12, 16)},
        {"bits": 16},
    ],
)
def test_everything_that_changes_the_content_changes_the_folder(change):
    assert folder_name(made(**change)) != folder_name(made())


def test_a_new_format_changes_the_folder(monkeypatch):
    before = folder_name(made())
    monkeypatch.setattr("tssd.events.cache_key.FORMAT", FORMAT + 1)
    assert folder_name(made()) != before


def test_the_same_content_has_the_same_folder():
    again = made(key={"dataset": "N-MNIST"}, recordings=sources(), size=None)
    assert folder_name(again) == folder_name(made())
    assert folder_name(made()).startswith("n-mnist-")
    assert made(size=(1, 2)) == plain(made(size=[1, 2]))


def test_a_name_never_leads_out_of_the_root():
    name = folder_name(made(key={"dataset": "../../etc/.x"}))
    assert name.startswith("etc-x-")
    assert folder_name(made(key={"dataset": "../"})).startswith("events-")


def test_keys_without_a_name_or_samples_are_refused():
    with pytest.raises(UsageError, match="expected the data set's name"):
        made(key={"root": "x"})
    with pytest.raises(DataError, match="N-MNIST: 0 recordings without any sample"):
        made(recordings=[])


def test_a_recording_that_is_gone_is_named(tmp_path):
    path = write(tmp_path / "gone.npy", random_events(1))
    source = FileRecording(path)
    path.unlink()
    with pytest.raises(DataError, match=r"gone.npy: cannot be read \(No such file"):
        made(recordings=[source])
