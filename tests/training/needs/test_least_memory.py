import logging
import threading
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput
from tssd.objectives import vanilla
from tssd.training.fit import fit
from tssd.training.needs import least_memory as module
from tssd.training.needs.least_memory import kept_bytes, least_memory, refuse_too_large

from ..runs import small

ONE_EPOCH = {"trainer.epochs": 1}


class Sums(nn.Module):
    """[T, N, C, H, W] -> tanh of a linear layer, so that what is kept can be counted by hand."""

    def __init__(self, values, classes):
        super().__init__()
        self.layer = nn.Linear(values, classes)
        self.num_classes = classes

    def forward(self, x, taps=()):
        return NetOutput(self.layer(x.flatten(2)).tanh())


def parts_of(net, criterion, **more):
    trainer = SimpleNamespace(compile=False, precision="32-true", nodes=1)
    data = SimpleNamespace(batch_size=5, sample_shape=(2, 3, 3), split_sizes={"train": 7})
    parts = SimpleNamespace(
        net=net, criterion=criterion, trainer=trainer, data=data, rule=None, freeze=(), **more
    )
    parts.device = torch.device("cpu")
    return parts


def test_what_is_kept_counted_by_hand():
    parts = parts_of(Sums(18, 4), vanilla(3))
    # Inputs of the layer (of which flatten makes a copy for each timestep), and of tanh's backward
    # pass its result, four bytes a value.
    expected = 4 * 3 * 5 * (18 + 4)
    assert kept_bytes(parts, 3) == expected
    assert least_memory(parts) == expected + 2 * 4 * (18 * 4 + 4)
    parts.trainer.precision = "bf16-mixed"
    assert least_memory(parts) == expected // 2 + 2 * 4 * (18 * 4 + 4)


def test_many_timesteps_are_concluded_and_samples_that_are_not_there_do_not_count():
    parts = parts_of(Sums(18, 4), vanilla(100_000))
    weights = 2 * 4 * (18 * 4 + 4)
    assert least_memory(parts) - weights == 4 * 100_000 * 5 * (18 + 4)
    parts.data.batch_size = 2**40
    assert least_memory(parts) - weights == 4 * 100_000 * 7 * (18 + 4)


def test_a_pass_without_numbers_keeps_what_one_with_numbers_keeps_and_changes_nothing():
    parts = small()
    net, criterion = parts.net.train(), parts.criterion
    before = {k: v.clone() for k, v in [*net.state_dict().items(), *criterion.state_dict().items()]}
    random = torch.get_rng_state()
    found = kept_bytes(parts, 4)
    after = {**net.state_dict(), **criterion.state_dict()}
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert torch.equal(torch.get_rng_state(), random)

    own = {p.data_ptr() for part in (net, criterion) for p in [*part.parameters(), *part.buffers()]}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    x = torch.randn(25, *parts.data.sample_shape)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        x = x.expand(4, *x.shape)
        criterion.add_exits(net(x, criterion.taps))
    assert found == pytest.approx(sum(size for size, _ in kept.values()), rel=0.1)


def test_a_network_that_needs_numbers_is_not_judged():
    class Asks(Sums):
        def forward(self, x, taps=()):
            return super().forward(x + float(x.mean() > 0))

    parts = parts_of(Asks(18, 4), vanilla(3))
    assert least_memory(parts) is None
    refuse_too_large(parts)


class Keeps(Sums):
    """Keeps a grid of its input's shape, as networks do that know places."""

    grid = None

    def forward(self, x, taps=()):
        if self.grid is None or self.grid.shape != x.shape:
            self.grid = torch.linspace(0, 1, x.shape[-1], device=x.device).expand(x.shape)
        return super().forward(x + self.grid)


def test_what_a_network_keeps_of_a_pass_has_numbers_still():
    net = Keeps(18, 4)
    net(torch.rand(3, 1, 2, 3, 3))
    assert least_memory(parts_of(net, vanilla(3))) is not None
    assert net.grid.shape == (3, 1, 2, 3, 3) and net.grid.device.type == "cpu"


def test_parts_in_eval_mode_stay_so():
    parts = small()
    norm = parts.net.stages[0][1].eval()
    before = {name: module.training for name, module in parts.net.named_modules()}
    assert least_memory(parts) is not None
    assert {name: module.training for name, module in parts.net.named_modules()} == before
    assert not norm.training


def test_frozen_weights_take_no_gradient_and_keep_less():
    parts, other = small(), small({"freeze": "[stages]"})
    assert least_memory(other) < 0.8 * least_memory(parts)
    assert all(parameter.requires_grad for parameter in other.net.parameters())


def test_a_network_that_can_not_be_copied_is_not_judged_and_trains(tmp_path):
    parts = small(ONE_EPOCH)
    parts.net.lock = threading.Lock()
    assert least_memory(parts) is None
    fit(parts, tmp_path)


def test_too_much_is_refused_and_much_is_said(monkeypatch, caplog, tmp_path):
    parts = small()
    caplog.clear()  # of what building them says
    need = least_memory(parts)
    caplog.clear()
    with caplog.at_level(logging.INFO, "tssd"):
        monkeypatch.setattr(module, "free_memory", lambda device: 100 * need)
        refuse_too_large(parts)
        assert caplog.messages == []
        monkeypatch.setattr(module, "free_memory", lambda device: 2 * need)
        refuse_too_large(parts)
    (line,) = caplog.messages
    assert line.startswith(
        "memory: a step of 25 samples of 1 x 8 x 8 values and 4 timesteps takes "
    )
    monkeypatch.setattr(module, "free_memory", lambda device: need // 2)
    with pytest.raises(UsageError, match=r"takes at least .* GiB, and .* GiB are free on cpu; lo"):
        fit(parts, tmp_path / "run")
    assert not (tmp_path / "run").exists()
