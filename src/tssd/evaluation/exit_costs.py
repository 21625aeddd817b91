"""What a network costs with an early exit: the exit for all, the rest for some."""

from collections.abc import Callable, Iterable

from torch import nn

from tssd.adapters import AdaptedNet
from tssd.evaluation.operations import priced
from tssd.models.base import StagedNet, Tap
from tssd.runs.evaluation import EnergyModel, ExitCosts, LayerOperations, Totals


def exit_costs(
    leaving: Iterable[float],
    until: Iterable[LayerOperations],
    behind: Iterable[LayerOperations],
    early: Iterable[LayerOperations],
    *,
    report_at: int,
    energy: EnergyModel,
) -> ExitCosts:
    """Costs at thresholds at which so many samples leave.

    Args:
        leaving: share of samples at each threshold, 0 to 1.
        until: layers that run before the tap.
        behind: layers that run after it.
        early: layers of the exit.
        report_at: T.
        energy: of an operation.
    """
    early = list(early)
    first, second, own = (priced(layers, energy) for layers in (until, behind, early))
    leaving = tuple(leaving)

    def at(total: Totals, of: Callable[[Totals], tuple[float, ...]]) -> float:
        return of(total)[report_at - 1] if of(total) else 0.0  # a part may have no layers

    def mean(of: Callable[[Totals], tuple[float, ...]]) -> tuple[float, ...]:
        always, rest = at(first, of) + at(own, of), at(second, of)
        return tuple(always + (1 - share) * rest for share in leaving)

    joules = mean(lambda total: total.energy_uj)
    without = sum(at(total, lambda total: total.energy_uj) for total in (first, second))
    return ExitCosts(
        macs=mean(lambda total: total.macs),
        acs=mean(lambda total: total.acs),
        energy_uj=joules,
        energy_graded_as_macs_uj=mean(lambda total: total.energy_graded_as_macs_uj),
        energy_saved=tuple(1 - spent / without if without else 0.0 for spent in joules),
        weak_energy_uj=at(own, lambda total: total.energy_uj),
        weak_dense_macs=sum(layer.dense_macs for layer in early),
    )


def tap_modules(net: nn.Module, taps: Iterable[Tap]) -> dict[Tap, nn.Module]:
    """The module whose output a tap shows, where the network is of a kind that tells."""
    if isinstance(net, StagedNet):
        return {tap: net.stages[net.resolve_tap(tap)] for tap in taps}
    if isinstance(net, AdaptedNet):
        return {tap: net.module.get_submodule(str(tap)) for tap in taps}
    return {}
