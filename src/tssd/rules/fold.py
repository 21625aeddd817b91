"""Real Spike's re-parameterisation: scales of spikes moved into the weights behind the neurons."""

from collections.abc import Callable
from typing import NamedTuple, NoReturn

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import StagedNet
from tssd.models.blocks import CurrentShortcutBlock
from tssd.models.residual import MembraneShortcutBlock
from tssd.neurons import RealSpike
from tssd.objectives import Exit, SelfDistillation
from tssd.time import PerStep, TimeFold

# Parts that run one after the other as far as spikes go: a shortcut of currents passes none on.
CHAINS = (nn.Sequential, TimeFold, PerStep, Exit, CurrentShortcutBlock, MembraneShortcutBlock)
# What a factor for each channel passes through: means, copies and zeros.
LINEAR = (nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Flatten, nn.Identity, nn.Dropout)
# And what it passes through if it is not negative.
MAXIMA = (nn.MaxPool2d, nn.AdaptiveMaxPool2d)
# What takes it; a layer derived from one may make its weights of others, or round them.
WEIGHTS = (nn.Conv1d, nn.Conv2d, nn.Linear)


@torch.no_grad()
def fold_real_spikes(net: nn.Module, criterion: SelfDistillation | None = None) -> None:
    """Multiply the weights behind each `RealSpike` by its scales, and set these to 1, in place.

        K (scale S(t)) = (K scale) S(t)

    The logits stay what they were, up to rounding, and all spikes are 0 or 1. The folded weights
    fit the network of the same recipe. It is exact where spikes meet nothing but pools on their way
    to one layer of weights; a max pool wants scales that are not negative. Where it is not exact,
    nothing is changed.

    Args:
        net: a `StagedNet` of layers one after the other, such as VGG-9 or MS-ResNet-8.
        criterion: connected to it, if its exits are to be kept: they read the network's spikes.
    Raises: UsageError: names the part that scales can't pass, such as a sum of two branches' spikes
        of different heights.
    Source: Guo et al. 2022, arXiv 2210.06686, on re-parameterisation.
    """  # noqa: D400, D415 - the summary ends in an equation
    if not isinstance(net, StagedNet):
        raise UsageError(
            f"net: got {type(net).__name__}, expected a tssd.StagedNet, whose layers are known"
        )
    if not any(isinstance(part, RealSpike) for part in net.modules()):
        raise UsageError("net: has no RealSpike neurons, so that there is nothing to fold")
    plan = _Plan()
    taps = () if criterion is None else criterion.taps
    for index, stage in enumerate(net.stages):
        plan.follow(f"net.stages.{index}", stage)
        if criterion is not None and index in taps:
            at_exit = _Plan(plan.source)
            at_exit.follow(f"exits.{index}", criterion.exit_at(index))
            at_exit.end()
            plan.steps += at_exit.steps
    plan.follow("net.head", net.head)
    plan.end()
    for step in plan.steps:
        step()


class _Source(NamedTuple):
    """A neuron whose spikes are on their way to weights, and its scales [C]."""

    name: str
    scale: Tensor


class _Plan:
    """What is to be done, found by following the spikes.

    Args:
        source: whose spikes go in; None = there are none of `RealSpike`.
    """

    def __init__(self, source: _Source | None = None) -> None:
        self.source = source
        self.steps: list[Callable[[], object]] = []

    def follow(self, name: str, part: nn.Module) -> None:
        """Go on through a part."""
        if type(part) in CHAINS:
            # An exit names its neuron last.
            for inside in (
                ("features", "neuron", "head") if isinstance(part, Exit) else part._modules
            ):
                self.follow(f"{name}.{inside}", part.get_submodule(inside))
        elif isinstance(part, RealSpike) and self.source is None:
            self.source = _Source(name, part.scale.clone())
            self.steps.append(lambda: part.scale.fill_(1.0))
        elif self.source is None:
            if any(isinstance(inner, RealSpike) for inner in part.modules()):
                raise UsageError(
                    f"{name}: {type(part).__name__} may join spikes of different heights, expected "
                    "layers one after the other, or real_spike left out: the scales can't be "
                    "folded exactly"
                )
        elif isinstance(part, WEIGHTS):
            if type(part) not in WEIGHTS:
                self._refuse(name, part, "weights that are computed with as they are")
            self._fold_into(name, part)
        elif isinstance(part, MAXIMA):
            if (lowest := self.source.scale.min().item()) < 0:
                self._refuse(name, part, f"scales that are not negative, found {lowest:.3g}")
        elif not isinstance(part, LINEAR):
            self._refuse(name, part, "a pool or a layer of weights")

    def end(self) -> None:
        """Refuse spikes that have met no weights."""
        if self.source is not None:
            raise UsageError(
                f"{self.source.name}: no weights behind it take its scales, expected a layer of "
                "weights in front of the logits"
            )

    def _fold_into(self, name: str, part: nn.Conv1d | nn.Conv2d | nn.Linear) -> None:
        assert self.source is not None
        weight, scale = part.weight, self.source.scale
        inputs = weight.shape[1]
        # A flattened map has each channel's pixels side by side.
        if getattr(part, "groups", 1) != 1 or inputs % len(scale):
            self._refuse(name, part, f"one weight for each of {len(scale)} channels")
        factor = scale.repeat_interleave(inputs // len(scale)).to(weight.dtype)
        factor = factor.view(1, -1, *[1] * (weight.dim() - 2))
        self.steps.append(lambda: weight.mul_(factor))
        self.source = None

    def _refuse(self, name: str, part: nn.Module, expected: str) -> NoReturn:
        assert self.source is not None
        raise UsageError(
            f"{name}: {type(part).__name__} gets the spikes of {self.source.name} (RealSpike), "
            f"expected {expected}; the scales can't be folded exactly"
        )
