"""TSSD on a network that we did not write: SpikingJelly, snnTorch, or plain PyTorch."""

from collections.abc import Iterable

from torch import Tensor, nn

from tssd.adapters.call import LAYOUTS, Call, Layout, Reset, SetTimesteps
from tssd.adapters.example import probe_input, sample_dims_of
from tssd.adapters.exclusive import exclusive
from tssd.adapters.net import AdaptedNet
from tssd.adapters.probe import probe
from tssd.adapters.registered import all_registered
from tssd.adapters.stepping import check_arguments
from tssd.adapters.taps import check_name
from tssd.adapters.untouched import check_kind
from tssd.errors import UsageError
from tssd.models.base import SpikingNet
from tssd.neurons.foreign import clear_state

__all__ = ["AdaptedNet", "Layout", "adapt", "clear_state"]


def adapt(  # noqa: PLR0913 - what can't be found out has to be said
    module: nn.Module,
    taps: Iterable[str] = (),
    *,
    example: Tensor,
    layout: Layout = "time_first",
    timesteps: int | None = None,
    sample_dims: int | None = None,
    reset: Reset | None = None,
    set_timesteps: SetTimesteps | None = None,
    head: str | None = None,
) -> AdaptedNet:
    """Make a network trainable by TSSD, after a dry run that proves that it fits.

    Args:
        module: the network; it is wrapped, not copied, and the dry run leaves it as it was.
        taps: dotted names of the modules whose outputs may be tapped; none = temporal terms only.
        example: images [N, C, H, W] or [N, F], or sequences [T, N, ...]: a batch of your data.
        layout: "time_first": the network maps [T, N, ...] to [T, N, K]; "batch_first": [N, T, ...]
            to [N, T, K]; "stepped": [N, ...] to [N, K], called once a timestep; "repeating":
            [N, ...], which it repeats itself, to [T, N, K]. Instead of all timesteps a network may
            return their mean [N, K], or a list of T tensors. Of a tuple, the first entry counts;
            of a stepped network the others are given back at the next timestep, if it takes them.
        timesteps: of the dry run, at least 2; None = 4, or as many as the example has.
        sample_dims: axes of one sample: 1 = F, 2 = C, L (signals, tokens), 3 = C, H, W; None = 1
            for examples of 2 or 3 axes, else 3.
        reset: clears state that is neither SpikingJelly's nor snnTorch's, before every call.
        set_timesteps: tells a repeating network its T, e.g. lambda net, T: setattr(net, "T", T).
        head: module that returns each timestep's logits, where a network adds them up.
    Raises: UsageError: no such tap, an output of another shape, state that is not cleared or not
        carried, a network that is made for one T or looks ahead in time, layers in a plain list.
    """
    if not isinstance(module, nn.Module):
        raise UsageError(f"module: got {type(module).__name__}, expected a torch.nn.Module")
    if isinstance(module, SpikingNet):
        raise UsageError(f"module: {type(module).__name__} needs no tssd.adapt; use it as it is")
    check_kind(module)
    if layout not in LAYOUTS:
        raise UsageError(f"layout: got {layout!r}, expected one of {', '.join(LAYOUTS)}")
    for name, function in (("reset", reset), ("set_timesteps", set_timesteps)):
        if function is not None and not callable(function):
            raise UsageError(f"{name}: got {function!r}, expected a function of the network")
    if (layout == "repeating") != (set_timesteps is not None):
        raise UsageError(
            "set_timesteps: got none, but layout='repeating' needs it, e.g. set_timesteps=lambda "
            "net, T: setattr(net, 'T', T), to run the network for other numbers of timesteps"
            if layout == "repeating"
            else f"set_timesteps: is for layout='repeating', not for {layout!r}; leave it out"
        )
    if head is not None and layout == "stepped":
        raise UsageError("head: got a module, but a stepped network returns each timestep's logits")
    check_arguments(module)
    wanted = (taps,) if isinstance(taps, str) else taps
    if not isinstance(wanted, Iterable):
        raise UsageError(f"taps: got {taps!r}, expected a list of names of modules, or [] for none")
    names = tuple(dict.fromkeys(check_name(module, tap) for tap in wanted))
    head = None if head is None else check_name(module, head, option="head")
    device = next((parameter.device for parameter in module.parameters()), None)
    sample_dims = sample_dims_of(example, sample_dims)
    x = probe_input(example, sample_dims, timesteps, device)
    call = Call(layout, reset=reset, set_timesteps=set_timesteps, head=head)
    with exclusive(module), all_registered(module):
        learned = probe(module, names, call, x)
    return AdaptedNet(
        module,
        learned.num_classes,
        places=learned.places,
        call=learned.call,
        sample_dims=sample_dims,
        states=learned.states,
    )
