"""A network that we did not write, as the `SpikingNet` that training and evaluation need."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from tssd.adapters.state import clear_state
from tssd.adapters.taps import Shown, TapPlace, check_name, first_tensor, gather, showing
from tssd.errors import UsageError
from tssd.models.base import NetOutput, Tap

# What a network takes and returns: [T, N, ...] -> [T, N, K] at once; [N, T, ...] -> [N, T, K] at
# once; or [N, ...] -> [N, K], called once a timestep.
Layout = Literal["time_first", "batch_first", "stepped"]
LAYOUTS: dict[Layout, str] = {
    "time_first": "[T, N, K]",
    "batch_first": "[N, T, K]",
    "stepped": "[N, K] at every timestep",
}

# Makes a network forget, where its state is of a kind that we do not know.
Reset = Callable[[nn.Module], object]


class AdaptedNet(nn.Module):
    """A network with named taps, whose every call starts from clean membranes; see `adapt`.

    `adapted.module` is the network itself: its parameters and its `state_dict` are what they were.

    Args:
        module: the network.
        num_classes: classes K.
        places: where and in which shape each tap arrives, by the module's name.
        layout: what the network takes and returns.
        reset: called with the network before every call, or None.
    Shapes: x [T, N, C, H, W] or [T, N, F], any T and N -> NetOutput.
    """

    def __init__(
        self,
        module: nn.Module,
        num_classes: int,
        *,
        places: Mapping[str, TapPlace],
        layout: Layout,
        reset: Reset | None = None,
    ) -> None:
        super().__init__()
        self.module = module
        self.num_classes = num_classes
        self.places = dict(places)
        self.layout: Layout = layout
        self.extra_reset = reset

    def resolve_tap(self, tap: Tap | None) -> str:
        """The name, if it is one of `adapt`'s taps; None is the one in their middle."""
        if tap is None and self.places:
            return list(self.places)[(len(self.places) - 1) // 2]
        if isinstance(tap, str) and tap in self.places:
            return tap
        known = f"expected one of {', '.join(self.places)}" if self.places else "but there is none"
        remedy = repr(check_name(self.module, tap)) if isinstance(tap, str) else "a module's name"
        got = "none" if tap is None else repr(tap)
        raise UsageError(f"tap: got {got}, {known}; add taps with tssd.adapt(taps=[{remedy}])")

    def tap_shape(self, tap: Tap) -> tuple[int, ...]:
        """(C, H, W) or (F,) of one sample at a tap."""
        return self.places[self.resolve_tap(tap)].shape

    def forward(self, x: Tensor, taps: Iterable[Tap] = ()) -> NetOutput:
        """Logits and the requested taps of a sequence x [T, N, ...]."""
        if x.dim() not in (3, 5):
            raise UsageError(
                f"input: got shape {list(x.shape)}, expected [T, N, C, H, W] or [T, N, F]; "
                "repeat_in_time(x, T) makes a sequence of images [N, C, H, W]"
            )
        steps, batch = x.shape[:2]
        names = dict.fromkeys(self.resolve_tap(tap) for tap in taps)
        logits, calls = run(self.module, x, names, layout=self.layout, reset=self.extra_reset)
        return NetOutput(
            logits, {n: gather(n, self.places[n], calls[n], steps, batch) for n in names}
        )


def forget(module: nn.Module, reset: Reset | None) -> None:
    """Clear the state of all parts of a network, known and unknown."""
    clear_state(module)
    if reset is not None:
        reset(module)


def run(
    module: nn.Module, x: Tensor, names: Iterable[str], *, layout: Layout, reset: Reset | None
) -> tuple[Tensor, dict[str, list[Shown]]]:
    """Run x [T, N, ...] from clean membranes: logits [T, N, K] and what each tap showed."""
    forget(module, reset)
    # A repeated image is a view of one (see repeat_in_time): view() fails on it, and what changes
    # it in place changes the caller's data. A copy is safe in networks that we do not know.
    x = x.contiguous()
    steps, batch = x.shape[:2]
    with showing(module, names) as calls:
        if layout == "stepped":
            logits = torch.stack([_checked(module(x_t), layout, steps, batch) for x_t in x])
        elif layout == "batch_first":
            output = module(x.transpose(0, 1).contiguous())
            logits = _checked(output, layout, steps, batch).transpose(0, 1)
        else:
            logits = _checked(module(x), layout, steps, batch)
    return logits, calls


def _checked(output: object, layout: Layout, steps: int, batch: int) -> Tensor:
    """The logits in a network's output, in its own layout."""
    logits = first_tensor(output)
    if logits is None or not logits.is_floating_point():
        found = type(output).__name__ if logits is None else logits.dtype
        raise UsageError(
            f"output: got {found}, expected floating-point logits {LAYOUTS[layout]}, or a tuple "
            "that starts with them; return them first"
        )
    lead = {"time_first": (steps, batch), "batch_first": (batch, steps), "stepped": (batch,)}
    shape = tuple(logits.shape)
    if shape[:-1] == lead[layout]:
        return logits
    raise UsageError(
        f"output: got shape {list(shape)} in a run of T = {steps}, N = {batch}, expected "
        f"{LAYOUTS[layout]}; {_likely_fix(shape, layout, steps, batch)}"
    )


def _likely_fix(shape: tuple[int, ...], layout: Layout, steps: int, batch: int) -> str:
    if layout == "stepped":
        return "is the network for whole sequences? then use layout='time_first' or 'batch_first'"
    if shape[:-1] == (batch,):
        return (
            "return the logits of every timestep, not their mean or sum over time, or use "
            "layout='stepped' if the network computes one timestep a call"
        )
    if shape[:-1] == (steps * batch,):
        order = "(T, N)" if layout == "time_first" else "(N, T)"
        return f"unfold time and batch at the end: logits.unflatten(0, {order})"
    for other in ("time_first", "batch_first"):
        if shape[:-1] == ((steps, batch) if other == "time_first" else (batch, steps)):
            return f"transpose the output, or use layout={other!r} if the input is alike"
    return "end the network with one logit a class, at every timestep"
