import pytest
import torch
from torch import Tensor, nn

import tssd
from tssd.adapters import adapt
from tssd.evaluation import evaluate

from .nets import CLASSES

SIGNALS = 3 * torch.rand(6, 2, 12, generator=torch.Generator().manual_seed(0))


class Signal(nn.Module):
    """[T, N, 2, L] -> [T, N, K] by a convolution along L."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = tssd.TimeFold(nn.Conv1d(2, 8, 3, padding=1), nn.BatchNorm1d(8))
        self.lif = tssd.LIF(v_threshold=0.3)
        self.head = tssd.TimeFold(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lif(self.conv(x)))


class Tokens(nn.Module):
    """[T, N, L, 12] -> [T, N, K] by layers on the last axis."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(12, 8)
        self.norm = nn.LayerNorm(8)
        self.lif = tssd.LIF(v_threshold=0.3)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lif(self.norm(self.embed(x))).mean(2))


class ChannelsLast(Tokens):
    """[T, N, 2, 12] -> a map [H, W, C] of 2 x 1 pixels."""

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lif(self.embed(x.unsqueeze(3))).mean((2, 3)))


def test_taps_of_signals_are_channels_by_length():
    net = adapt(Signal(), ["lif"], example=SIGNALS, sample_dims=2)
    assert net.tap_shape("lif") == (8, 12)
    x = tssd.repeat_in_time(SIGNALS, 3)
    assert torch.equal(net.eval()(x, ["lif"]).taps["lif"], net.module.lif(net.module.conv(x)))


@pytest.mark.parametrize(("kind", "shape"), [(Tokens, (8, 2)), (ChannelsLast, (8, 2, 1))])
def test_taps_of_tokens_are_turned_so_that_features_are_channels(kind, shape):
    net = adapt(kind(), ["lif"], example=SIGNALS, sample_dims=2).eval()
    assert net.tap_shape("lif") == shape
    seen = []
    net.module.lif.register_forward_hook(lambda module, args, output: seen.append(output))
    tap = net(tssd.repeat_in_time(SIGNALS, 3), ["lif"]).taps["lif"]
    assert torch.equal(tap, seen[0].movedim(-1, 2))


@pytest.mark.parametrize("kind", [Signal, Tokens, ChannelsLast])
@pytest.mark.parametrize("samples", [6, 2])  # 2 samples of 2 channels: T or C by the shape alone
def test_signals_and_tokens_train_and_are_evaluated(kind, samples):
    net = adapt(kind(), ["lif"], example=SIGNALS, sample_dims=2)
    criterion = tssd.tssd(2, 4).connect(net)
    for x in (SIGNALS[:samples], SIGNALS[:samples].expand(5, samples, 2, 12)):
        criterion.run(net, x, torch.arange(samples) % CLASSES).total.backward()
        evaluate(net, [(x, torch.arange(samples) % CLASSES)], 4, criterion=criterion)
    parameters = [*net.parameters(), *criterion.parameters()]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in parameters if p.dim() > 1)


def test_who_forgets_to_say_so_is_told():
    with pytest.raises(tssd.UsageError, match="sample_dims=2 for signals"):
        adapt(Signal(), ["lif"], example=SIGNALS)
    with pytest.raises(tssd.UsageError, match="sample_dims=2 for signals"):
        adapt(Signal(), ["lif"], example=tssd.repeat_in_time(SIGNALS, 4))
    net = adapt(Signal(), ["lif"], example=SIGNALS, sample_dims=2)
    with pytest.raises(tssd.UsageError, match=r"expected \[T, N, C, L\]; repeat_in_time"):
        net(SIGNALS)
