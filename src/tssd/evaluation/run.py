"""One pass over the data for every number of timesteps up to T_max."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from tssd.errors import DataError, UsageError
from tssd.evaluation.accuracy import ConfusionMatrix, TimestepAccuracy
from tssd.evaluation.calibration import Calibration
from tssd.evaluation.costs import CostCounter
from tssd.evaluation.device import device_of_batches
from tssd.evaluation.early_exit import EarlyExitCurve
from tssd.evaluation.exit_costs import exit_costs, tap_modules
from tssd.evaluation.fold_orders import fold_orders
from tssd.models.base import NetOutput, SpikingNet, Tap, eval_mode
from tssd.objectives import SelfDistillation, as_sequence
from tssd.objectives.batch import (
    check_classes,
    check_logits,
    check_num_classes,
    check_output,
    classes,
    dtype_of,
    explained,
)
from tssd.objectives.diverged import first_not_finite
from tssd.objectives.per_timestep import check_length
from tssd.runs.evaluation import EarlyExit, EnergyModel, Evaluation, ExitCosts
from tssd.time import running_mean
from tssd.tracked import tracked
from tssd.trained import TrainedNet
from tssd.whole import whole

Batches = Iterable[tuple[Tensor, Tensor]]


def evaluate(
    net: SpikingNet,
    batches: Batches,
    timesteps: int,
    *,
    criterion: SelfDistillation | None = None,
    device: torch.device | str | None = None,
    report_at: int | None = None,
    costs: bool = True,
    energy: EnergyModel | None = None,
    progress: bool = False,
) -> Evaluation:
    """Evaluate a network at T = 1..timesteps in one pass, exact because inference is causal.

    Args:
        net: a module; run in eval mode, and given back in the mode it came in. Of a `TrainedNet`
            the network inside, by whose names of layers a run's own results go.
        batches: (x, y), x images [N, C, H, W] or sequences [T, N, C, H, W], y classes [N].
        timesteps: T_max.
        criterion: whose exits make early exits; None = no early exit.
        device: where the batches go; None = where the network is.
        report_at: the T of the reliability diagram, the confusion matrix and early exit; None =
            T_max.
        costs: whether to count spikes and operations, which takes 7 to 24 per cent of the time.
        energy: energy of an operation; None = 45 nm CMOS.
        progress: whether to draw a progress bar on standard error.
    Raises: UsageError: timesteps < 1 or more than a part can run for, report_at not in 1..T_max, a
        single class, a device that is not there or that the network is not on, something else than
        these. DataError: no samples, labels that are not in 0..K-1, an input or logits that are not
        finite.
    """
    timesteps = whole("timesteps", timesteps, 1)
    report_at = whole("report_at", timesteps if report_at is None else report_at)
    net = cast(SpikingNet, net.net) if isinstance(net, TrainedNet) else net
    module = _checked(net, timesteps, report_at)
    _refuse_others(batches, criterion, energy)
    _check_criterion(criterion, net)
    check_length(timesteps, module, criterion)
    device = device_of_batches(module, device)
    taps = criterion.taps if criterion is not None else ()
    energy, dtype = energy or EnergyModel(), dtype_of(net)

    answers = _Answers(net.num_classes, timesteps, report_at, taps, device)
    counter = CostCounter(module, timesteps, taps=tap_modules(module, taps))
    early = {tap: CostCounter(criterion.exit_at(tap), timesteps) for tap in taps if criterion}

    # Not in inference mode: a network may keep its state, and be trained afterwards.
    with eval_mode(module, criterion), ExitStack() as watching, torch.no_grad():
        for batch in tracked(batches, "evaluate", progress=progress):
            x, y = _pair(batch)
            y = _checked_labels(y, net.num_classes)
            if not len(y):
                continue
            if isinstance(x, Tensor):  # what is none is refused by the next line
                # To the CPU it has to be waited for, or what is read has not come yet.
                x = x.to(device, non_blocking=x.device.type == "cpu")
            x = as_sequence(x, y, timesteps, dtype=dtype, net=net)
            if costs and not counter.samples:
                with explained(x, dtype):
                    counter.orders = fold_orders(module, x)
                for each in (counter, *early.values()):
                    watching.enter_context(each.watching())
            with counter.counting(x), explained(x, dtype):
                out = net(x, taps)
            check_output(out)
            check_logits(out.logits, (timesteps, len(y), net.num_classes))
            if criterion is not None:
                with ExitStack() as counting:
                    spikes = counter.has_spikes()
                    for tap, each in early.items():
                        counting.enter_context(each.counting(out.taps[tap], spikes=spikes))
                    criterion.add_exits(out)
            answers.update(out, y)

    if not counter.samples:
        raise DataError("data: got no samples, expected at least one; check the split and its size")
    scores, rates, operations = (
        answers.accuracy.result(),
        counter.firing_rates(),
        counter.operations(energy),
    )
    return Evaluation(
        timesteps=timesteps,
        report_at=report_at,
        samples=counter.samples,
        accuracy=scores.accuracy,
        nll=scores.nll,
        calibration_error=answers.calibration.error(),
        reliability=answers.calibration.reliability(report_at),
        confusion=answers.confusion.result(),
        firing_rates=rates.layers if costs else None,
        mean_firing_rate=rates.mean if costs else None,
        operations=operations if costs else None,
        uncounted=operations.uncounted + rates.uncounted,
        early_exit={
            str(tap): replace(
                curve.result(),
                costs=_exit_costs(tap, curve.result(), counter, early[tap], report_at, energy)
                if costs
                else None,
            )
            for tap, curve in answers.exits.items()
        },
    )


class _Answers:
    """What is added up of the answers: those at every T, and those of the exits at one.

    Args:
        num_classes: K.
        timesteps: T_max.
        report_at: the T of the exits and of the confusion matrix.
        taps: of the exits.
        device: of the network.
    """

    def __init__(
        self,
        num_classes: int,
        timesteps: int,
        report_at: int,
        taps: Iterable[Tap],
        device: torch.device | str,
    ) -> None:
        # Added up in float64, which Apple's GPUs do not have.
        on = self._device = "cpu" if torch.device(device).type == "mps" else device
        self._at = report_at - 1
        self.accuracy = TimestepAccuracy(timesteps, on)
        self.calibration = Calibration(timesteps, on)
        self.confusion = ConfusionMatrix(num_classes, on)
        self.exits = {tap: EarlyExitCurve(device=on) for tap in taps}

    def update(self, out: NetOutput, y: Tensor) -> None:
        """Count a batch. Shapes: logits of network and exits [T_max, N, K], y [N]."""
        target = y.to(self._device, non_blocking=y.device.type == "cpu")
        mean = self._mean(out.logits)
        self.accuracy.update(mean, target)
        self.calibration.update(mean, target)
        self.confusion.update(mean[self._at], target)
        for tap, curve in self.exits.items():
            curve.update(self._mean(out.exits[tap])[self._at], mean[self._at], target)

    def _mean(self, logits: Tensor) -> Tensor:
        return running_mean(logits.to(self._device).double())


def accuracy_at_every_timestep(
    net: SpikingNet,
    batches: Batches,
    timesteps: int,
    *,
    device: torch.device | str | None = None,
) -> list[float]:
    """Accuracy at T = 1..timesteps, 0 to 1: `evaluate` without the costs."""
    return list(evaluate(net, batches, timesteps, device=device, costs=False).accuracy)


def _checked(net: SpikingNet, timesteps: int, report_at: int) -> nn.Module:
    if not 1 <= report_at <= timesteps:
        raise UsageError(
            f"report_at: got {report_at}, expected 1 to timesteps = {timesteps}; raise --timesteps"
        )
    if not isinstance(net, nn.Module):
        raise UsageError(f"net: got {type(net).__name__}, expected a torch.nn.Module")
    check_num_classes(net)
    statistics = {
        n: b for n, b in net.named_buffers() if n.endswith(("running_mean", "running_var"))
    }
    if wrong := first_not_finite(dict(net.named_parameters()) | statistics):
        raise DataError(
            f"weights: {wrong} has NaN or infinity, expected finite numbers; the file is damaged "
            "or the training diverged, so take an earlier checkpoint"
        )
    return net


def _refuse_others(batches: object, criterion: object, energy: object) -> None:
    """Raises: UsageError: one of them is something else."""
    if not (hasattr(batches, "__iter__") or hasattr(batches, "__getitem__")):
        raise UsageError(
            f"batches: got a {type(batches).__name__}, expected (x, y) in a list or DataLoader"
        )
    for name, given, kind, expected in (
        ("criterion", criterion, SelfDistillation | None, "a tssd.SelfDistillation, or None"),
        ("energy", energy, EnergyModel | None, "an EnergyModel(mac_pj=..., ac_pj=...), or None"),
    ):
        if not isinstance(given, kind):
            raise UsageError(f"{name}: got a {type(given).__name__}, expected {expected}")


def _check_criterion(criterion: SelfDistillation | None, net: SpikingNet) -> None:
    if criterion is None or criterion.num_classes == net.num_classes:
        return
    raise UsageError(
        f"criterion: is connected to a network of {criterion.num_classes} classes, but this one "
        f"has {net.num_classes}; call criterion.connect(net) with the network that it trained"
        if criterion.num_classes
        else "criterion: not connected, so it has no exits; call connect(net) first"
    )


def _pair(batch: object) -> tuple[Tensor, Tensor]:
    found = f"a {type(batch).__name__}"
    if isinstance(batch, tuple | list):
        if len(batch) == 2 and np.ndim(batch[1]):
            return batch[0], batch[1]
        # What a Dataset gives is (x, a class).
        found = "a single sample" if len(batch) == 2 else f"{found} of {len(batch)}"
    raise DataError(
        f"batches: got {found} for a batch, expected (x, y), images or sequences and their "
        "classes; pass a list of such pairs or a DataLoader, or ((b[0], b[1]) for b in loader)"
    )


def _checked_labels(y: Tensor, num_classes: int) -> Tensor:
    check_classes(y, num_classes)
    return classes(y, num_classes).target


def _exit_costs(
    tap: Tap,
    curve: EarlyExit,
    counter: CostCounter,
    early: CostCounter,
    report_at: int,
    energy: EnergyModel,
) -> ExitCosts | None:
    until = counter.layers_until(tap)
    if until is None:
        return None
    layers = counter.operations(energy).layers
    return exit_costs(
        curve.leaving,
        [layer for name, layer in layers.items() if name in until],
        [layer for name, layer in layers.items() if name not in until],
        early.operations(energy).layers.values(),
        report_at=report_at,
        energy=energy,
    )
