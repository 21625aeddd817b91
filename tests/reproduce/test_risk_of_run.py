import math
import shutil

import pytest
import torch

from tssd.errors import DataError
from tssd.objectives import as_sequence
from tssd.reopened.open_run import load_parts
from tssd.reproduce.risk_of_run import LearnedRisk, learned_risk


def test_both_risks_of_a_trained_network(trained):
    found = learned_risk(trained, "digits")
    parts = load_parts(trained, [])
    x, y = (torch.cat(part) for part in zip(*parts.data.test_dataloader(), strict=True))
    with torch.inference_mode():
        logits = parts.net.eval()(as_sequence(x, y, 4)).logits.double()
    loss = -logits[:2].mean(0).log_softmax(-1)
    one_hot = loss[torch.arange(len(y)), y]
    assert (found.samples, found.seed) == (359, 0)
    assert found.empirical_mean == pytest.approx(one_hot.mean().item())
    assert found.empirical == pytest.approx(one_hot.var().item())
    soft = (logits.mean(0).softmax(-1) * loss).sum(1)
    assert found.distilled_mean == pytest.approx(soft.mean().item())
    assert found.distilled == pytest.approx(soft.var().item(), abs=1e-12)


def test_a_folder_without_a_network(trained, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(trained / "config.yaml", folder)
    with pytest.raises(DataError, match="no trained network in it yet"):
        learned_risk(folder, "digits")


def test_the_ratio_of_nothing():
    assert math.isnan(LearnedRisk("d", 0, 2, 0.0, 0.0, 0.0, 0.0).ratio)
