"""The losses of the paper's rivals in a run: schedules, heads of their own, and resuming."""

import pytest
from safetensors.torch import load_file

from tssd.runs.folder import RunFolder
from tssd.runs.saved import load_checkpoint
from tssd.training.fit import fit

from .runs import is_same, small, stopped, table, weights

RIVALS = {
    "objectives.task": "{class_path: tssd.objectives.SurrogateModuleLearning}",
    "objectives.rmp": "tssd.objectives.RMPLoss",
    "objectives.im": "{class_path: tssd.objectives.IMLoss, init_args: {layers: [stages.*]}}",
    "objectives.contrast": "tssd.objectives.ExitContrast",
    "trainer.epochs": 3,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rivals") / "run"
    fit(small(RIVALS), folder)
    return folder


def test_a_schedule_is_in_the_table_and_heads_stay_with_the_loss(whole):
    rows = table(whole)
    # 2 k n/N, then 2 k (1 - n/N).
    assert [row["weight/rmp"] for row in rows] == pytest.approx([0, 0.2 / 3, 0.2 / 3])
    assert all(row["train/im"] > 0 and row["train/rmp"] > 0 for row in rows)
    state = load_checkpoint(RunFolder(whole).last)["state_dict"]
    heads = [name for name in state if ".heads." in name]
    assert heads and all(name.startswith("criterion.terms.task.heads.") for name in heads)
    assert not any("heads" in name for name in load_file(RunFolder(whole).weights))


@pytest.mark.parametrize("step", [3])
def test_a_resumed_run_is_the_same_bit_for_bit(whole, tmp_path, step):
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(RIVALS), step=step), tmp_path / "run")
    fit(small(RIVALS), tmp_path / "run", resume=True)
    assert is_same(weights(whole), weights(tmp_path / "run"))
    assert table(whole) == table(tmp_path / "run")
