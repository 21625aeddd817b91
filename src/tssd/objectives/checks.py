"""What a loss asks of a batch before a network runs, and of its terms before anything is learnt."""

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet
from tssd.objectives.batch import (
    Classes,
    are_probabilities,
    check_labels,
    check_no_probabilities,
    check_num_classes,
    check_single,
    dtype_of,
    labels,
)
from tssd.objectives.diverged import are_finite, check_weights, diverged
from tssd.objectives.later import INPUT, LABELS, LOGITS, TOTAL, WEIGHTS, LaterChecks
from tssd.objectives.precise import precise
from tssd.time import as_sequence, refuse_shared_out


class Loss(NamedTuple):
    """The weighted sum to minimise, [], and the unweighted terms by name, each []."""

    total: Tensor
    terms: dict[str, Tensor]


def checked_sequence(
    net: SpikingNet,
    x: Tensor,
    target: Tensor,
    *,
    timesteps: int,
    num_classes: int,
    later: LaterChecks | None = None,
) -> Tensor:
    """What a network is to run on, once the batch and the weights are known to be sound.

    Args:
        net: the network.
        x: [N, ...] (repeated in time) or [T, N, ...], told apart by target.
        target: classes [N], or shares of classes [N, K].
        timesteps: T.
        num_classes: K.
        later: takes what is asked of values; None = asked now.
    Raises: as `as_sequence`, `labels`, `check_single` and `check_weights`.
    """
    labels(target, num_classes)
    refuse_shared_out(net, "net: it")
    if not hasattr(getattr(net, "module", None), "num_classes"):  # nn.DataParallel's is inside
        check_num_classes(net)
    now = later is None
    sequence = as_sequence(x, target, timesteps, dtype=dtype_of(net), net=net, check=now)
    weights = parameters_of(net)
    if later is not None:
        later.note(INPUT, sequence.detach().isfinite().all())
        later.note(WEIGHTS, are_finite(weights).to(sequence.device))  # none stand on the CPU
    elif torch.is_grad_enabled():
        check_weights(weights)
    if isinstance(net, nn.Module):
        check_single(x, net)
    return sequence


def settled(
    loss: Loss,
    logits: Tensor,
    target: Tensor,
    classes: Classes,
    *,
    num_classes: int,
    later: LaterChecks | None = None,
) -> Loss:
    """The loss, once it is known to be sound.

    Args:
        loss: with all its terms.
        logits: [T, N, K] that they are of.
        target: as it was given.
        classes: what `labels` made of it.
        num_classes: K.
        later: takes what is asked of values; None = asked now.
    Raises: DataError: labels that are no classes. UsageError: probabilities in the place of logits.
        DivergedError: the loss is not finite.
    """
    if later is not None:
        later.note(LABELS, classes.in_range)
        later.note(LOGITS, ~are_probabilities(logits))
        for name, value in {**loss.terms, TOTAL: loss.total}.items():
            later.note(name, value.isfinite())
    # All that can be wrong is asked for at once: an accelerator is waited for a single time.
    elif not (classes.in_range & loss.total.isfinite() & ~are_probabilities(logits)):
        check_labels(target, num_classes)
        check_no_probabilities(logits)
        raise diverged(logits, loss.total, loss.terms)
    return loss


def parameters_of(net: SpikingNet) -> dict[str, Tensor]:
    """Weights of a network by the names that messages call them."""
    return dict(net.named_parameters(prefix="net")) if isinstance(net, nn.Module) else {}


def in_full_precision(out: NetOutput) -> NetOutput:
    """Its logits and those of its exits in float32 at least."""
    exits = {tap: precise(logits) for tap, logits in out.exits.items()}
    return replace(out, logits=precise(out.logits), exits=exits)


def check_learns(net: SpikingNet, logits: Tensor) -> None:
    """Refuse a network that its logits do not train. Raises: UsageError: says what to look for."""
    trained = any(p.requires_grad for p in parameters_of(net).values())
    if torch.is_grad_enabled() and trained and not logits.requires_grad:
        raise UsageError(
            "net: no gradient reaches its weights from its logits; take detach(), .data or "
            "no_grad out of its forward, or freeze its parameters (requires_grad_(False))"
        )
