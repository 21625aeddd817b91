import math

import pytest

from tssd.errors import UsageError
from tssd.training.fit import fit
from tssd.training.selection import ENOUGH, select

from .runs import small


@pytest.mark.parametrize(
    ("wanted", "samples", "epoch"),
    [
        ("auto", 0, "last"), ("auto", 10, "last"), ("auto", 999, "last"), ("auto", 1000, "best"),
        ("auto", 50000, "best"), ("best", 1, "best"), ("last", 50000, "last"), ("last", 0, "last"),
    ],
)  # fmt: skip
def test_which_epoch_counts(wanted, samples, epoch):
    assert select(wanted, samples).epoch == epoch


def test_enough_is_an_error_below_one_point_at_ninety_per_cent():
    assert math.sqrt(0.9 * 0.1 / ENOUGH) < 0.01 < math.sqrt(0.9 * 0.1 / (ENOUGH - 150))


def test_best_without_validation_samples_is_refused_before_there_is_a_folder(tmp_path):
    parts = small({"trainer.select": "best", "data.val_share": 0})
    with pytest.raises(UsageError, match=r"trainer\.select: got best, but .*--trainer.select last"):
        fit(parts, tmp_path / "run")
    assert not (tmp_path / "run").exists()
