import threading

import pytest
import torch
from torch import nn
from torch.nn.modules import module as global_hooks

import tssd
from tssd.adapters import adapt
from tssd.adapters.registered import all_registered
from tssd.errors import UsageError

from .nets import CLASSES, Plain, images


class Listed(nn.Module):
    """Its first layers are in whatever `keep` makes of a list."""

    def __init__(self, keep, layers=None) -> None:
        super().__init__()
        self.layers = keep(layers or [tssd.TimeFold(nn.Linear(64, 32)), tssd.LIF()])
        self.head = nn.Linear(32, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(2)
        for part in self.layers.values() if isinstance(self.layers, dict) else self.layers:
            x = part(x)
        return self.head(x)


@pytest.mark.parametrize("keep", [list, tuple, lambda layers: dict(enumerate(layers))])
def test_layers_that_are_no_part_of_the_network_are_refused(keep):
    message = r"^module: Listed calls a TimeFold whose weights are not .*nn\.ModuleList"
    with pytest.raises(UsageError, match=message):
        adapt(Listed(keep), example=images(4))
    assert not global_hooks._global_forward_pre_hooks


def test_that_is_said_before_what_follows_from_it():
    # State in a list is not cleared either, and weights there stay on the processor.
    snntorch = pytest.importorskip("snntorch", reason="needs the extra: pip install tssd[interop]")
    layers = [nn.Linear(64, 32), snntorch.Leaky(beta=0.9, init_hidden=True)]
    net = nn.Sequential(nn.Unflatten(1, (1, -1)), Listed(list, layers), nn.Flatten(0, 1))
    with pytest.raises(UsageError, match="calls a Linear whose weights"):
        adapt(net, example=images(4).flatten(1), layout="stepped")
    wrong = Listed(list, [nn.Linear(63, 32)])
    with pytest.raises(UsageError, match="calls a Linear whose weights"):
        adapt(wrong, example=images(4))


def test_registered_layers_pass():
    assert adapt(Listed(nn.ModuleList), ["layers.1"], example=images(4)).num_classes == CLASSES


class Lazily(Listed):
    """Builds a layer when it first runs."""

    def __init__(self) -> None:
        super().__init__(nn.ModuleList)
        self.last: nn.Module | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.last is None:
            self.last = nn.Linear(CLASSES, CLASSES)
        return self.last(super().forward(x))


class OnTheFly(Listed):
    """Makes modules as it goes: without weights, and around weights of its own."""

    def __init__(self) -> None:
        super().__init__(nn.ModuleList)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        head, self.head = self.head, nn.Identity()
        x = super().forward(nn.Identity()(x))
        self.head = head
        return nn.Sequential(nn.ReLU(), head)(x)


class Called(Listed):
    """A module in a list that is run with the network's own weights."""

    def __init__(self) -> None:
        super().__init__(nn.ModuleList)
        self.shape = [nn.Linear(32, CLASSES, device="meta")]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        head, self.head = self.head, nn.Identity()
        x = super().forward(x)
        self.head = head
        return torch.func.functional_call(self.shape[0], dict(head.named_parameters()), (x,))


def parametrized() -> nn.Module:
    net = Listed(nn.ModuleList)
    nn.utils.parametrizations.weight_norm(net.head)
    nn.utils.parametrizations.orthogonal(net.layers[0][0])
    return net


def shared() -> nn.Module:
    linear = tssd.TimeFold(nn.Linear(64, 64))
    last = tssd.TimeFold(nn.Linear(64, 32))
    return Listed(nn.ModuleList, [linear, tssd.LIF(), linear, last])


def listed_as_well() -> nn.Module:
    net = Listed(nn.ModuleList)
    net.__dict__["_modules"] = {**net._modules, "again": net.layers}
    net.__dict__["layers"] = [*net.layers]
    return net


def with_a_frozen_helper() -> nn.Module:
    return Listed(list, [nn.Linear(64, 32).requires_grad_(False), tssd.LIF()])


def lazy_layers() -> nn.Module:
    return Listed(nn.ModuleList, [nn.LazyLinear(32), nn.LazyBatchNorm1d(), tssd.LIF()][::2])


@pytest.mark.parametrize(
    "make",
    [Lazily, OnTheFly, Called, parametrized, shared, listed_as_well, with_a_frozen_helper]
    + [lazy_layers],
)
def test_what_trains_as_it_should_passes(make):
    assert adapt(make(), example=images(4)).num_classes == CLASSES


def test_networks_of_other_threads_are_none_of_its_business():
    net, other = Plain(), nn.Linear(3, 3)
    with all_registered(net):
        thread = threading.Thread(target=lambda: other(torch.rand(2, 3)))
        thread.start()
        thread.join()
    with pytest.raises(UsageError, match="calls a Linear"), all_registered(net):
        other(torch.rand(2, 3))


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_nothing_is_left_behind_and_errors_pass(error):
    try:
        with all_registered(Plain()):
            if error is not None:
                raise error
    except BaseException as raised:
        assert type(raised) is error
    assert not global_hooks._global_forward_pre_hooks


def test_a_network_with_a_compiled_part_is_not_watched_and_passes():
    torch._dynamo.reset()
    inner = nn.Linear(64, CLASSES)
    net = nn.Sequential(nn.Flatten(2), torch.compile(inner, backend="eager"))
    adapted = adapt(net, example=images(4))
    x = torch.rand(2, 3, 1, 8, 8)
    torch.testing.assert_close(adapted(x).logits, inner(x.flatten(2)))
    torch._dynamo.reset()
