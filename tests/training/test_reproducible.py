"""One configuration, one result: bit-equal weights."""

import pytest

from tssd.runs.folder import RunFolder
from tssd.training.fit import fit

from .runs import RUINED, is_same, small, table, untimed, weights


def test_same_seed_gives_the_same_run_bit_by_bit(finished, tmp_path):
    results = fit(small(RUINED), tmp_path / "run")
    assert is_same(weights(tmp_path / "run"), weights(finished))
    assert table(tmp_path / "run") == table(finished)
    expected = RunFolder(finished).read_results()
    assert untimed(results) == untimed(expected)


@pytest.mark.parametrize("option", ["seed", "data.seed"])
def test_another_seed_gives_other_weights(finished, tmp_path, option):
    fit(small(RUINED | {option: 1, "trainer.epochs": 1}), tmp_path / "other")
    fit(small(RUINED | {"trainer.epochs": 1}), tmp_path / "same")
    assert table(tmp_path / "same")[0] == table(finished)[0]
    ours, theirs = weights(tmp_path / "same"), weights(tmp_path / "other")
    learnt = [name for name in ours if name.endswith("weight")]
    assert not any(ours[name].equal(theirs[name]) for name in learnt)


def test_split_does_not_depend_on_the_seed(finished):
    assert small({"seed": 1}).data.split_hash == RunFolder(finished).read_results().split_hash
