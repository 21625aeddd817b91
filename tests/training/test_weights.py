"""Runs whose convolutions compute with other weights than those that are trained."""

import json

import torch
import yaml

from tssd.config.trust import trusting
from tssd.models.quantised import QuantisedConv2d, quantised
from tssd.neurons import folded
from tssd.reopened.load import load
from tssd.reopened.open_run import load_parts
from tssd.runs.folder import RunFolder
from tssd.time import repeat_in_time
from tssd.training.fit import fit

from . import nets
from .runs import small

ONE_EPOCH = {"trainer.epochs": 1}


def test_it_is_written_loaded_and_evaluated_with_its_weights(finished, tmp_path):
    """And begins from a run without any."""
    options = ONE_EPOCH | {"weights": "tssd.models.QuantisedWeights", "weights.bits": 3}
    options |= {"init": str(finished)}
    results = fit(small(options), tmp_path / "qat")
    run = RunFolder(tmp_path / "qat")
    expected = {"class_path": "tssd.models.QuantisedWeights", "init_args": {"bits": 3}}
    assert yaml.safe_load(run.config.read_text())["weights"] == expected
    assert json.loads(run.model.read_text())["weights"] == expected
    assert "weights" not in json.loads(RunFolder(finished).model.read_text())

    trained = load(run.path, trust=[nets.__name__])
    net = trained.net
    convs = [part for part in net.modules() if isinstance(part, QuantisedConv2d)]
    assert len(convs) == 1
    assert all(len(quantised(part.folded().weight, 3).whole.unique()) <= 7 for part in convs)
    x = repeat_in_time(torch.rand(3, *trained.transform.sample_shape), 2)
    with trusting([nets.__name__]):
        again = load_parts(run.path, []).net.eval()
    assert torch.equal(net(x).logits, again(x).logits)
    torch.testing.assert_close(folded(net)(x).logits, net(x).logits)
    assert results.best.accuracy
