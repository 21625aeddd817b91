"""TSSD on a network that we did not write: SpikingJelly, snnTorch, or plain PyTorch."""

from collections.abc import Iterable

from torch import Tensor, nn

from tssd.adapters.net import LAYOUTS, AdaptedNet, Layout, Reset
from tssd.adapters.probe import Probe, probe_input
from tssd.adapters.state import clear_state
from tssd.adapters.taps import check_name
from tssd.errors import UsageError
from tssd.models.base import SpikingNet

__all__ = ["AdaptedNet", "Layout", "adapt", "clear_state"]


def adapt(
    module: nn.Module,
    taps: Iterable[str] = (),
    *,
    example: Tensor,
    layout: Layout = "time_first",
    timesteps: int | None = None,
    reset: Reset | None = None,
) -> AdaptedNet:
    """Make a network trainable by TSSD, after a dry run that proves that it fits.

    Args:
        module: the network; it is wrapped, not copied, and the dry run leaves it as it was.
        taps: dotted names of the modules whose outputs may be tapped; none = temporal terms only.
        example: images [N, C, H, W] or [N, F], or sequences [T, N, ...]: a batch of your data.
        layout: "time_first": the network maps [T, N, ...] to [T, N, K]; "batch_first": [N, T, ...]
            to [N, T, K]; "stepped": [N, ...] to [N, K], called once a timestep. Of a tuple, the
            first entry counts.
        timesteps: of the dry run, at least 2; None = 4, or as many as the example has.
        reset: clears state that is neither SpikingJelly's nor snnTorch's, before every call.
    Raises: UsageError: no such tap, an output of another shape, state that is not cleared.
    """
    if not isinstance(module, nn.Module):
        raise UsageError(f"module: got {type(module).__name__}, expected a torch.nn.Module")
    if isinstance(module, SpikingNet):
        raise UsageError(f"module: {type(module).__name__} needs no tssd.adapt; use it as it is")
    if layout not in LAYOUTS:
        raise UsageError(f"layout: got {layout!r}, expected one of {', '.join(LAYOUTS)}")
    if reset is not None and not callable(reset):
        raise UsageError(f"reset: got {reset!r}, expected a function of the network")
    wanted = (taps,) if isinstance(taps, str) else taps
    names = tuple(dict.fromkeys(check_name(module, tap) for tap in wanted))
    device = next((parameter.device for parameter in module.parameters()), None)
    x = probe_input(example, timesteps, device)
    num_classes, places = Probe(module, names, layout, reset, x).learn()
    return AdaptedNet(module, num_classes, places=places, layout=layout, reset=reset)
