"""Runs with a training rule: what is refused and written, and that resuming changes nothing."""

from dataclasses import replace

import pytest
import torch
import yaml
from lightning import Trainer

from tssd.config.paths import load_object
from tssd.config.trust import only_known_parts
from tssd.errors import UsageError
from tssd.neurons import DSRIF
from tssd.objectives import Timesteps
from tssd.reopened.load import load
from tssd.runs.folder import RunFolder
from tssd.training.fit import fit
from tssd.training.needs.least_memory import least_memory

from . import nets
from .runs import is_same, small, stopped, table, weights

SLTT = {"rule": "tssd.rules.SLTT"}
DRAWN = SLTT | {"rule.steps": 2, "net.dropout": 0.1, "trainer.epochs": 2, "data.batch_size": 50}


@pytest.fixture(scope="module")
def parts():
    return small(SLTT)


def test_a_resumed_run_ends_like_an_uninterrupted_one(tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    fit(small(DRAWN), whole)
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(DRAWN), step=1), cut)
    fit(small(DRAWN), cut, resume=True)
    assert is_same(weights(cut), weights(whole))
    assert table(cut) == table(whole)
    config = yaml.safe_load(RunFolder(whole).config.read_text())
    assert config["rule"] == {"class_path": "tssd.rules.SLTT", "init_args": {"steps": 2}}
    trained = load(whole, trust=[nets.__name__])
    assert trained.net(torch.zeros(1, 2, 1, 8, 8)).logits.isfinite().all()
    with only_known_parts():  # in a stranger's run folder
        assert load_object("tssd.rules.SLTT")


def test_a_step_takes_the_gradient_of_the_rule(parts, monkeypatch):
    module, batch = parts.module(), next(iter(parts.data.train_dataloader()))
    module.trainer = Trainer(max_epochs=1, logger=False, enable_progress_bar=False)
    monkeypatch.setattr(module, "tell_progress", lambda share: {})
    monkeypatch.setattr(module, "share_of_epoch", lambda batch: 0.0)
    monkeypatch.setattr(module, "_counted", lambda index, size: (size, 0.5))
    monkeypatch.setattr(module, "_log", lambda values, samples: None)
    module.training_step(batch, 0).backward()
    found = [p.grad.clone() for p in module.parameters()]
    module.zero_grad()
    loss = parts.rule.run(parts.criterion, parts.net, *batch)
    loss.total.backward()
    assert module.terms.keys() == {"loss", *loss.terms}
    torch.testing.assert_close(found, [p.grad / 2 for p in module.parameters()])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"compile": True}, "compile: got True, which .* rule SLTT.*compile false, or --rule null"),
        ({"sync_batch_norm": True}, "sync_batch_norm: got True, .*--trainer.sync_batch_norm false"),
    ],
)
def test_settings_that_need_a_whole_step_are_refused(parts, options, said):
    with pytest.raises(UsageError, match=rf"^trainer\.{said}"):
        replace(parts, trainer=replace(parts.trainer, **options))


def test_what_a_rule_does_not_go_with_is_refused_before_training(parts):
    other = nets.two_stages(1, 10, 8)
    other.stages[0][2] = DSRIF()
    with pytest.raises(UsageError, match=r"^rule: SLTT .*net\.stages\.0\.2 \(DSRIF\)"):
        replace(parts, net=other)


def test_the_least_memory_of_a_step_does_not_know_the_timesteps(parts, monkeypatch):
    def least(steps, rule):
        monkeypatch.setattr(parts.criterion, "timesteps", Timesteps(2, steps))
        return least_memory(replace(parts, rule=rule))

    assert least(3, parts.rule) == least(12, parts.rule) < least(12, None)


def test_a_rule_can_be_taken_out_again_and_its_options_are_checked():
    found = small({"rule": "null"})
    assert found.rule is None
    assert "rule" not in found.config
    with pytest.raises(UsageError, match=r"^rule\.steps: got 0, expected a whole number >= 1"):
        small(SLTT | {"rule.steps": 0})
