"""Training by rates: the network spikes without a gradient, and learns from its mean spikes."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet
from tssd.models.drawn_again import drawn_again
from tssd.models.dropout import SharedDropout
from tssd.neurons import IF, LIF, Neuron, recording
from tssd.neurons.lif import LinearIntegrator
from tssd.objectives import Loss, Objective, SelfDistillation
from tssd.objectives.batch import dtype_of, explained
from tssd.objectives.checks import check_learns
from tssd.objectives.later import LaterChecks
from tssd.rules.base import Rule
from tssd.rules.means import COUNTS, labels_means
from tssd.surrogates import Surrogate
from tssd.time import PerStep, is_constant_in_time

# What a task loss may look at, if it looks at means over time.
KNOWN = COUNTS | {"needs_taps", "needs_input"}
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


class RateBackpropagation(Rule):
    """Two runs: one of spikes that keeps no graph, and one of rates, without time, that learns.

    The first leaves for each layer of neurons the mean of its spikes over T_t, r, and the slope

        e = 1/T_t sum_t f(t) g(H(t) - threshold),   f(t) = gain (1 + decay + ... + decay^(t - 1)),

    g the surrogate's derivative: that of r by a current which is the same at all timesteps. The
    second runs on the mean of the input; each layer returns r, with the slope e, and batch norm
    normalises with the values of the first run's statistics and the gradient of its own. So memory
    and the backward pass are those of one timestep. At T_t = 1 the gradient is backpropagation's.

    Terms get the rates' logits, and features, at every timestep.

    Source: arXiv 2510.06254 (NeurIPS 2025), and its public code.
    """

    def held(self, timesteps: int) -> int:
        """One, whatever T."""
        return 1

    def check(self, criterion: SelfDistillation, net: SpikingNet, x_t: Tensor) -> None:
        """See `Rule.check`."""
        me, out = type(self).__name__, "or leave the rule out (--rule null)"
        for name, part in net.named_modules() if isinstance(net, nn.Module) else ():
            if reason := _unfit(part):
                raise UsageError(
                    f"rule: {me} knows rates of LIF and IF with a soft reset, batch norm and "
                    f"SharedDropout, but net.{name} ({type(part).__name__}) {reason}; take "
                    f"another, {out}"
                )
        if not any(isinstance(part, LinearIntegrator) for part in _modules(net)):
            raise UsageError(f"rule: {me} finds no LIF or IF neurons in net; take some, {out}")
        for name, term in criterion.terms.items():
            if not labels_means(cast(Objective, term), may_need=KNOWN):
                raise UsageError(
                    f"rule: {me} runs without time and without exits, but objectives.{name} "
                    f"({type(term).__name__}) is not a task loss of means alone; take it out "
                    f"(--objectives.{name} null), {out}"
                )

    def run(
        self,
        criterion: SelfDistillation,
        net: SpikingNet,
        x: Tensor,
        target: Tensor,
        *,
        later: LaterChecks | None = None,
    ) -> Loss:
        """See `Rule.run`."""
        self.check(criterion, net, x)
        sequence = criterion.prepare(net, x, target, later=later)
        mean = sequence[:1] if is_constant_in_time(sequence) else sequence.mean(0, keepdim=True)
        with explained(sequence, dtype_of(net)):
            # The same masks of dropout in both runs.
            with torch.no_grad(), drawn_again(sequence), _watched(net) as seen:
                net(sequence)
            torch.clear_autocast_cache()  # weights in low precision, without a gradient
            with _replaced(net, seen):
                out = net(mean, criterion.kept)
        check_learns(net, out.logits)
        everywhere = _at_all_timesteps(out, len(sequence))
        return criterion(replace(everywhere, input=sequence), target, later=later)


class _Rate(NamedTuple):
    """Of a layer of neurons: mean spikes, and their slope by a constant current, [N, ...] each."""

    value: Tensor
    slope: Tensor


class _Statistics(NamedTuple):
    """Of a batch norm: what it normalised with, [C] each."""

    mean: Tensor
    variance: Tensor


class _Call(NamedTuple):
    """A layer, and what one call of it left: a `_Rate` or `_Statistics`."""

    part: nn.Module
    left: Any


def slope_of(h: Tensor, neuron: LinearIntegrator) -> Tensor:
    """Slope of a soft-reset neuron's mean spikes by a current that is the same at all timesteps.

    The reset passes no gradient.

    Shapes: membranes before the reset h [T, N, ...] -> [N, ...].
    """
    p, surrogate = neuron.dynamics, neuron.surrogate
    total, f = torch.zeros_like(h[0]), 0.0
    for h_t in h:
        f = p.gain + p.decay * f
        total += f * surrogate.derivative(p.firing(h_t - p.threshold))
    return total / len(h)


@contextmanager
def _watched(net: SpikingNet) -> Iterator[list[_Call]]:
    """Inside, a run of the network leaves what the rates need, call by call."""
    seen: list[_Call] = []
    # Of the layer that runs at the moment: its membranes are let go of as soon as it has run.
    running: list[tuple[AbstractContextManager[dict[str, Tensor]], dict[str, Tensor]]] = []

    def before(neuron: nn.Module, _: Any) -> None:
        record = recording(neuron)
        running.append((record, record.__enter__()))

    def after(neuron: nn.Module, _: Any, spikes: Tensor) -> None:
        record, membranes = running.pop()
        record.__exit__(None, None, None)
        slope = slope_of(membranes[""], cast(LinearIntegrator, neuron))
        seen.append(_Call(neuron, _Rate(spikes.to(slope.dtype).mean(0), slope)))

    def statistics(norm: nn.Module, args: Any) -> None:
        if norm.training:
            seen.append(_Call(norm, _statistics(args[0])))

    with ExitStack() as hooks:
        hooks.callback(lambda: [record.__exit__(None, None, None) for record, _ in running])
        for part in _modules(net):
            if isinstance(part, LinearIntegrator):
                hooks.callback(part.register_forward_pre_hook(before).remove)
                hooks.callback(part.register_forward_hook(after).remove)
            elif isinstance(part, BATCH_NORMS):
                hooks.callback(part.register_forward_pre_hook(statistics).remove)
        yield seen


@contextmanager
def _replaced(net: SpikingNet, seen: list[_Call]) -> Iterator[None]:
    """Inside, layers return rates, and norms take no batch into their running statistics.

    Raises: UsageError: a layer is not called as it was in the run that left what was `seen`.
    """
    parts = {call.part for call in seen}
    for part in _modules(net):
        if isinstance(part, LinearIntegrator) and part not in parts:
            raise _called_otherwise(net, part)
    calls = iter(seen)

    def left_by(part: nn.Module) -> Any:
        # One layer may stand in several places: what it left is told apart by the order of calls.
        call = next(calls, None)
        if call is None or call.part is not part:
            raise _called_otherwise(net, call.part if call else part)
        return call.left

    def rate(neuron: nn.Module, args: Any, spikes: Tensor) -> Tensor:
        known: _Rate = left_by(neuron)
        through = args[0] * known.slope
        return (known.value + (through - through.detach())).to(spikes.dtype)

    def normed(norm: nn.Module, args: Any, y: Tensor) -> Tensor | None:
        if not norm.training:
            return None
        known: _Statistics = left_by(norm)
        x = args[0].to(torch.promote_types(args[0].dtype, torch.float32))
        own = _statistics(x)
        mean, variance = (a + (b - a).detach() for a, b in zip(own, known, strict=True))
        shape = (1, -1, *[1] * (x.dim() - 2))
        batch_norm = cast(nn.BatchNorm2d, norm)
        scale = batch_norm.weight * (variance + batch_norm.eps).rsqrt()
        centred = x - mean.view(shape)
        return (centred * scale.view(shape) + batch_norm.bias.view(shape)).to(y.dtype)

    kept = [(b, b.clone()) for part in parts for b in part.buffers()]
    with ExitStack() as hooks:
        for part in parts:
            hook = normed if isinstance(part, BATCH_NORMS) else rate
            hooks.callback(part.register_forward_hook(hook).remove)
        yield
    if call := next(calls, None):
        raise _called_otherwise(net, call.part)
    with torch.no_grad():
        for buffer, before in kept:
            buffer.copy_(before)


def _called_otherwise(net: SpikingNet, part: nn.Module) -> UsageError:
    name = next(name for name, other in cast(nn.Module, net).named_modules() if other is part)
    return UsageError(
        f"rule: {RateBackpropagation.__name__} runs every layer on spikes and on rates, but "
        f"net.{name} ({type(part).__name__}) is not called for all timesteps at once; call it with "
        "x [T, N, ...], a norm with both folded, or leave the rule out (--rule null)"
    )


def _statistics(x: Tensor) -> _Statistics:
    """Of x [B, C, ...], in float32 at least."""
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    variance, mean = torch.var_mean(x, [0, *range(2, x.dim())], correction=0)
    return _Statistics(mean, variance)


def _at_all_timesteps(out: NetOutput, timesteps: int) -> NetOutput:
    def repeated(y: Tensor) -> Tensor:
        return y.expand(timesteps, *y.shape[1:])

    taps = {tap: repeated(y) for tap, y in out.taps.items()}
    return NetOutput(repeated(out.logits), taps)


def _modules(net: SpikingNet) -> list[nn.Module]:
    return [*net.modules()] if isinstance(net, nn.Module) else []


def _unfit(part: nn.Module) -> str:
    """Why a part does not run on rates; nothing if it does."""
    if isinstance(part, Neuron):
        if not isinstance(part, LinearIntegrator) or type(part) not in (LIF, IF):
            return "is another neuron"
        if part.dynamics.v_reset is not None:
            return "has a hard reset"
        own = type(part.surrogate.current()).spike is not Surrogate.spike
        return "spikes in a way of its own, by its surrogate" if own else ""
    if isinstance(part, nn.modules.dropout._DropoutNd):
        drops_alike = isinstance(part, SharedDropout) or not part.p
        return "" if drops_alike else "drops other values at each timestep, and rates have none"
    if hasattr(part, "longest"):
        return "has parameters for each timestep"
    if isinstance(part, PerStep):
        return "norms each timestep by itself"
    if isinstance(part, nn.modules.batchnorm._BatchNorm):
        return "" if type(part) in BATCH_NORMS and part.affine else "is another norm"
    return ""
