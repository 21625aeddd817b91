from collections import deque
from datetime import datetime
from pathlib import Path

import lightning
import numpy as np
import pytest
import torch

from tssd.errors import UsageError
from tssd.runs.folder import RunFolder
from tssd.training.checkpoint import AtomicCheckpointIO
from tssd.training.fit import fit

from .runs import small


def test_checkpoints_of_a_run_hold_tensors_and_plain_values(finished):
    run = RunFolder(finished)
    for path, epoch in ((run.best, 3), (run.last, 6)):
        checkpoint = torch.load(path, weights_only=True)
        assert checkpoint["epoch"] == epoch
        assert AtomicCheckpointIO().load_checkpoint(path).keys() == checkpoint.keys()


class Remembers(lightning.Callback):
    """Has something in its state, from the end of the first epoch on."""

    def __init__(self, later):
        self.kept, self.later = {"best": None}, later

    def on_train_epoch_end(self, trainer, pl_module):
        self.kept = {"best": self.later}

    def state_dict(self):
        return self.kept

    def load_state_dict(self, state_dict):
        self.kept = state_dict


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (np.float64(0.5), r"numpy\.float64 \(\['best'\]\)"),
        (np.zeros(2), r"numpy\.ndarray \(\['best'\]\)"),
        ([1.0, Path("x")], r"pathlib\.\w+ \(\['best'\]\[1\]\)"),
        (datetime(2020, 1, 1), r"datetime\.datetime"),
        ({"last": deque([1.0])}, r"collections\.deque \(\['best'\]\['last'\]\)"),
    ],
)
def test_a_state_that_no_checkpoint_gives_back_is_told_after_the_first_epoch(tmp_path, odd, words):
    parts = small()
    parts.callbacks = (Remembers(odd),)
    with pytest.raises(
        UsageError, match=rf"^callbacks: the state_dict of Remembers holds a {words}"
    ):
        fit(parts, tmp_path)
    run = RunFolder(tmp_path)
    assert run.metrics.read_text().count("\n") == 2, "it was trained for longer than an epoch"
    assert not run.last.exists() and not run.best.exists()


def test_a_state_of_tensors_and_plain_values_comes_back(tmp_path):
    parts = small({"trainer.epochs": 1})
    kept = {"a": [1, 2.5, None, "b"], "t": (torch.ones(2), True)}
    parts.callbacks = (Remembers(kept),)
    fit(parts, tmp_path)
    state = torch.load(RunFolder(tmp_path).last, weights_only=True)["callbacks"]["Remembers"]
    assert state["best"]["a"] == kept["a"] and torch.equal(state["best"]["t"][0], torch.ones(2))


def test_numbers_of_numpy_in_an_optimiser_are_told_too(tmp_path):
    parts = small()
    parts.make_optimizer = lambda parameters: torch.optim.SGD(parameters, lr=np.float64(0.1))
    with pytest.raises(UsageError, match=r"^(schedule|optimizer): .* holds a numpy\.float64"):
        fit(parts, tmp_path)


class Adds(lightning.Callback):
    """Puts something into each checkpoint."""

    def __init__(self, **added):
        self.added = added

    def on_save_checkpoint(self, trainer, pl_module, checkpoint):
        checkpoint |= self.added


def test_what_a_callback_puts_in_besides_its_state_has_to_come_back_too(tmp_path):
    parts = small()
    parts.callbacks = (Adds(mine={"scores": [np.float64(0.5)]}),)
    told = (
        r"^callbacks: what on_save_checkpoint puts in as 'mine' holds a numpy\.float64 \(\['scores'"
    )
    with pytest.raises(UsageError, match=told):
        fit(parts, tmp_path)
    assert not RunFolder(tmp_path).last.exists()


def test_tensors_and_plain_values_that_a_callback_puts_in_come_back(tmp_path):
    parts = small({"trainer.epochs": 1})
    parts.callbacks = (Adds(mine={"best": 0.5, "weights": (torch.ones(2), "a")}),)
    fit(parts, tmp_path)
    found = torch.load(RunFolder(tmp_path).last, weights_only=True)["mine"]
    assert found["best"] == 0.5 and torch.equal(found["weights"][0], torch.ones(2))


def test_a_state_of_an_optimiser_that_is_none_of_tensors_is_told(tmp_path):
    class Counts(torch.optim.SGD):
        def step(self, closure=None):
            for group in self.param_groups:
                for parameter in group["params"]:
                    self.state[parameter]["seen"] = np.int64(1)
            return super().step(closure)

    parts = small()
    parts.make_optimizer = lambda parameters: Counts(parameters, lr=0.1)
    with pytest.raises(
        UsageError, match=r"^optimizer: its state_dict holds a numpy\.int64 \(\['sta"
    ):
        fit(parts, tmp_path)


def test_a_network_that_saves_something_else_than_tensors_is_told_after_the_first_epoch(tmp_path):
    class Counts(torch.nn.Identity):
        def get_extra_state(self):
            return {"calls": 3}

    parts = small()
    parts.net.stages.append(Counts())
    told = r"^net\.stages\.\d+\._extra_state: a dict in the network's state_dict, expected tensors"
    with pytest.raises(UsageError, match=told):
        fit(parts, tmp_path)
    assert RunFolder(tmp_path).metrics.read_text().count("\n") == 2
