"""A network that was given as an object, adapted by itself: its layout and its taps are found."""

import copy
import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tssd.adapters import adapt
from tssd.adapters.call import Layout
from tssd.adapters.net import AdaptedNet
from tssd.errors import UsageError
from tssd.listed import and_dots
from tssd.models.flow import has_threshold
from tssd.neurons import Neuron
from tssd.neurons.foreign import clear_state, state_keepers

log = logging.getLogger("tssd")

# Tried in this order. Others can't be told from these by a dry run, and have to be named.
LAYOUTS: tuple[Layout, ...] = ("time_first", "stepped")
# Names of modules that a message lists at most.
LISTED = 12


def copy_of(net: nn.Module) -> nn.Module:
    """A copy of a network at rest; the network itself stays as it is.

    Raises: UsageError: it can't be copied.
    """
    if not isinstance(net, nn.Module):
        raise UsageError(f"net: got {type(net).__name__}, expected a torch.nn.Module")
    clear_state(net)
    known: dict[int, Any] = {
        id(weight): weight.detach().clone()
        for part in net.modules()
        for weight in _computed_before_each_call(part)
    }
    try:
        return copy.deepcopy(net, known)
    except (RuntimeError, TypeError, AttributeError) as error:
        kind = type(net).__name__
        raise UsageError(
            f"net: {kind} can't be copied ({' '.join(str(error).split())}); give what builds it, "
            f"such as lambda: {kind}(...)"
        ) from error


def _computed_before_each_call(part: nn.Module) -> list[Tensor]:
    """Weights that torch.nn.utils.prune or weight_norm makes of others, which hang on a graph."""
    hooks = part._forward_pre_hooks.values()
    names = [getattr(hook, "name", getattr(hook, "_tensor_name", "")) for hook in hooks]
    made = [vars(part).get(name) for name in names if isinstance(name, str)]
    return [weight for weight in made if isinstance(weight, Tensor)]


def example_of(shape: tuple[int, int, int]) -> Tensor:
    """Images [4, C, H, W] for a dry run: always the same, and no other random number is drawn."""
    return torch.rand(4, *shape, generator=torch.Generator().manual_seed(0))


def self_adapted(
    module: nn.Module,
    *,
    example: Tensor,
    taps: Sequence[str] | None = None,
    needs_taps: bool = False,
    timesteps: int = 4,
) -> AdaptedNet:
    """Adapt a network of which nothing is known but how its input looks.

    Args:
        module: the network.
        example: see `adapt`.
        taps: names of modules; None = the spiking layer in the middle, if one is needed.
        needs_taps: whether the loss has exits, or looks at features.
        timesteps: T_t, of the dry run; a sequence's own where it has fewer.
    Raises: UsageError: why it can't be adapted, and what to do instead.
    """
    kind = type(module).__name__
    if taps is None:
        taps = [middle_spikes(module)] if needs_taps else []
    steps = max(timesteps, 2) if example.dim() < 5 else min(max(timesteps, 2), len(example))
    failed: list[tuple[Layout, UsageError]] = []
    for layout in LAYOUTS:
        try:
            found = adapt(module, taps, example=example, layout=layout, timesteps=steps)
        except UsageError as error:
            failed.append((layout, error))
            continue
        log.info("net: %s is called with layout=%r, exits stand at %s", kind, layout, list(taps))
        return found
    # A network that failed on a sequence is one for single steps.
    layout, error = next((f for f in failed if not str(f[1]).startswith("module: ")), failed[-1])
    raise UsageError(
        f"net: {kind} does not fit the samples {list(example.shape[1:])}, with layout={layout!r}: "
        f"{error}; change it, or adapt it yourself: tssd.adapt(net, example=x, ...)"
    ) from error


def middle_spikes(module: nn.Module) -> str:
    """Name of the spiking layer in the middle of a network, in the order of its modules.

    Raises: UsageError: it has none that is known; lists its modules.
    """
    keepers = {id(part) for _, part, _ in state_keepers(module) if has_threshold(part)}
    names = [
        name
        for name, part in module.named_modules()
        if name and (isinstance(part, Neuron) or id(part) in keepers)
    ]
    if names:
        return names[(len(names) - 1) // 2]
    known = [name for name, _ in module.named_modules() if name]
    listed = and_dots(known, LISTED)
    raise UsageError(
        f"taps: no spiking layer is known in {type(module).__name__}, so say where the exit "
        f"stands: taps=[NAME], one of {listed or 'none: it has no modules'}"
    )
