from dataclasses import replace

import pytest

from tssd.cli.needs import print_needs
from tssd.dry_run.needs import Needs
from tssd.dry_run.shapes import DataShape
from tssd.training.needs.measured import Measured

SIZES = {"train": 45_000, "val": 5_000, "test": 10_000}
HERE = DataShape(3, 32, 10, False, SIZES, batch_size=64)
MEASURED = Measured(
    step=0.5, steps=5, validation=0.25, evaluation=0.75, memory=3 << 29, device="cpu"
)
NEEDS = Needs(HERE, 1_234_567, 8_900, (2, 4, 6), ("task", "spatial"), 100, MEASURED)


@pytest.fixture
def printed(capsys):
    def printed(needs):
        print_needs(needs, title="digits/tssd")
        return capsys.readouterr().out.splitlines()

    return printed


def test_all_of_it(printed):
    assert printed(NEEDS) == [
        "digits/tssd: a dry run, nothing is written",
        "  data        45,000 train, 5,000 val, 10,000 test samples of 3 x 32 x 32, 10 classes",
        "  network     1,234,567 parameters, and 8,900 of exits",
        "  a step      0.5 s for a batch of 64 (T_s = 2, T_t = 4; task, spatial); median of 5, "
        "on cpu",
        "  memory      1.50 GiB at most, the data set not counted",
        # 704 steps of 0.5 s, 79 batches of validation; 2 x 157 batches of test.
        "  an epoch    6 min 12 s",
        "  evaluation  3 min 56 s, at T = 1 to 6",
        "  whole run   about 10 h 24 min on this machine for 100 epochs, loading not counted",
    ]


def test_several_devices_share_a_batch(printed):
    lines = printed(replace(NEEDS, devices=4))
    assert "0.5 s for a batch of 64, shared by 4 devices (T_s = 2" in lines[3]
    assert lines[-1].endswith("loading and what devices tell each other not counted")


def test_images_that_are_no_squares_show_both_sides(printed):
    lines = printed(replace(NEEDS, data=replace(HERE, size=(16, 24))))
    assert lines[1].endswith("of 3 x 16 x 24, 10 classes")


def test_what_is_not_here_or_not_known_is_said(printed):
    absent = replace(HERE, events=True, absent="no data root given")
    lines = printed(replace(NEEDS, data=absent, exit_parameters=0))
    assert lines[1].endswith(
        "not here; in its place 45,000 train, 5,000 val, 10,000 test sequences of 3 x 32 x 32, "
        "10 classes (as published)"
    )
    assert lines[2] == "  network     1,234,567 parameters"
    assert lines[-1] == "  no data: no data root given"
    unknown = replace(absent, sizes=None, guessed=True)
    lines = printed(replace(NEEDS, data=unknown))
    assert lines[1].endswith(
        "in its place sequences of 3 x 32 x 32, 10 classes (guessed, since nothing tells)"
    )
    assert "unknown: the number of samples is not known" in lines[-2]
