import json
import re

import pytest

TINY = ("--seconds", "0.02", "--rate", "1000", "--processes", "1")


def test_help_names_the_kinds_and_their_options(tssd):
    for words in ([], ["--help"], ["cifar10dvs", "-h"]):
        outcome = tssd("data", "simulate", *words)
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out.startswith("usage: tssd data simulate KIND FOLDER")
        assert "\n  tssd data simulate dvsgesture " in outcome.out


@pytest.mark.parametrize("archive", [False, True])
def test_gestures_are_written_and_recognised_as_simulated(tssd, tmp_path, archive):
    words = ["dvsgesture", "set/DVSGesture", *TINY, "--seed", "4"]
    outcome = tssd("data", "simulate", *words, *(["--archive"] if archive else []))
    assert outcome.code == 0
    assert outcome.out == "122 simulated recordings written into set/DVSGesture\n"
    note = json.loads((tmp_path / "set/DVSGesture/SIMULATED.json").read_text())
    assert (note["seconds"], note["rate"], note["seed"]) == (0.02, 1000, 4)
    outcome = tssd("data", "info", "dvsgesture/vgg9_tssd", "--data.root", "set")
    assert outcome.code == 0
    assert "DVS-Gesture (simulated) " in outcome.out
    assert re.search(r"│ all +│ 1176 +│ 0 +│ 288 +│", outcome.out)


def test_the_same_call_goes_on_where_it_was_interrupted(tssd, tmp_path):
    words = ("data", "simulate", "dvsgesture", "out", *TINY)
    assert tssd(*words).code == 0
    (tmp_path / "out/DvsGesture/user03_led_labels.csv").unlink()
    outcome = tssd(*words)
    assert outcome.out == "1 simulated recordings written into out\n"
    outcome = tssd(*words, "--seed", "1")
    assert outcome.code == 1
    assert "SIMULATED.json was begun with seed = 0, now it is 1" in outcome.mistake


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["dvsgestur"], "dvsgestur: cannot be simulated; did you mean dvsgesture?"),
        (["dvsgesture"], "data simulate dvsgesture: no folder given to write into"),
        (["cifar10dvs", "out"], "--images: missing, expected a folder of images as train/<class>"),
        (["dvsgesture", "out", "--images", "a"], "--images: not an option of dvsgesture; leave it"),
        (["dvsgesture", "out", "--per_class", "1"], "--per_class: not an option of dvsgesture"),
        (["dvsgesture", "out", "--duration", "1"], "--duration: not an option of dvsgesture"),
        (["cifar10dvs", "out", "--seconds", "1"], "--seconds: not an option of cifar10dvs"),
        (["cifar10dvs", "out", "--rate", "1"], "--rate: not an option of cifar10dvs; leave it out"),
        (["dvsgesture", "out", "--second", "1"], "--second: no such option; did you mean --second"),
        (["dvsgesture", "out", "--seconds", "0"], "seconds is 0.0, expected more than 0"),
        (["dvsgesture", "out", "--rate", "inf"], "rate is inf, expected more than 0"),
        (["dvsgesture", "out", "--seconds", "x"], "--seconds: invalid float value: 'x'; `tssd "),
        (["dvsgesture", "out", "--rate", "nan"], "rate is nan, expected more than 0"),
        (["dvsgesture", "out", "--seconds", "1e12"], "seconds are 1e+12 and the rate 30000, expe"),
        (["dvsgesture", "out", "--rate", "1e15"], "expected at most 600 s and 5e+06 events a"),
        (["dvsgesture", "out", "--seed", "-1"], "--seed: got '-1', expected a whole number >= 0"),
        (["dvsgesture", "out", "--processes", "0"], "--processes: got '0', expected a whole"),
        (["dvsgesture", "out", "more"], "unexpected: more; `tssd data simulate --help` shows"),
        (["cifar10dvs", "out", "--images=.", "--duration=-1"], "duration is -1.0 ms, expected"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_writes_nothing(tssd, tmp_path, words, expected):
    outcome = tssd("data", "simulate", *words)
    assert outcome.code == 2
    assert expected in outcome.mistake
    assert not list(tmp_path.iterdir())


def test_what_does_not_fit_on_disk_is_one_line(tssd, tmp_path):
    outcome = tssd("data", "simulate", "cifar10dvs", "out", "--images", "gone")
    assert outcome.code == 1
    assert "image folder gone does not exist" in outcome.mistake
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/holiday.jpg").touch()
    outcome = tssd("data", "simulate", "dvsgesture", "taken", *TINY)
    assert outcome.code == 1
    assert "taken holds holiday.jpg but no SIMULATED.json, expected an empty folder" in (
        outcome.mistake
    )
