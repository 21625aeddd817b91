"""Taps of a foreign network: found by name, read by hooks, arranged as [T, N, ...]."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tssd.adapters.output import first_tensor
from tssd.errors import UsageError

# How many names an error lists.
_LISTED = 6


@dataclass(frozen=True)
class Shown:
    """An output that a hook saw, with autograd's count of in-place changes at that moment.

    Args:
        value: the output.
        version: the count, or None.
        learns: whether autograd was on.
    """

    value: Any
    version: int | None
    learns: bool


# What a tapped module returned, call after call -> [T, N, ...], given T and N.
Arrangement = Callable[[list[Tensor], int, int], Tensor]


def stacked(calls: list[Tensor], steps: int, batch: int) -> Tensor:
    """The module was called once a timestep: T times [N, ...]."""
    return torch.stack(calls)


def chained(calls: list[Tensor], steps: int, batch: int) -> Tensor:
    """The module was called once a timestep, for sequences of one: T times [1, N, ...]."""
    return torch.cat(calls)


def whole(calls: list[Tensor], steps: int, batch: int) -> Tensor:
    """The module was called once: [T, N, ...]."""
    return calls[0]


def batch_first(calls: list[Tensor], steps: int, batch: int) -> Tensor:
    """The module was called once: [N, T, ...]."""
    return calls[0].transpose(0, 1)


def folded(calls: list[Tensor], steps: int, batch: int) -> Tensor:
    """The module was called once, inside a fold: [T*N, ...]."""
    return calls[0].unflatten(0, (steps, batch))


def folded_batch_first(calls: list[Tensor], steps: int, batch: int) -> Tensor:
    """The module was called once, inside a fold: [N*T, ...]."""
    return calls[0].unflatten(0, (batch, steps)).transpose(0, 1)


@dataclass(frozen=True)
class TapPlace:
    """What the dry run learned about a tap.

    Args:
        shape: of one sample, (C, H, W), (C, L) or (F,).
        arrange: how outputs arrive.
        channels_last: whether they arrive as [..., L, D] or [..., H, W, C].
    """

    shape: tuple[int, ...]
    arrange: Arrangement
    channels_last: bool = False

    def __call__(self, outputs: list[Tensor], steps: int, batch: int) -> Tensor:
        """Outputs as [T, N, ...], the channels in front."""
        arranged = self.arrange(outputs, steps, batch)
        return arranged.movedim(-1, 2) if self.channels_last else arranged


def learn(
    name: str,
    calls: list[Shown],
    steps: int,
    batch: int,
    *,
    samples_first: bool | None,
    channels_last: bool = False,
) -> TapPlace:
    """Tell from a dry run, in which T != N and T, N > 1, how a tap's outputs arrive.

    Args:
        name: of the tap.
        calls: what it showed.
        steps: T.
        batch: N.
        samples_first: whether a fold of it is [N*T, ...]; None = it can't be told.
        channels_last: as `TapPlace`.
    Raises: UsageError: called never, or more than once a step; no spikes of a known shape; a fold
        that can't be told.
    """
    outputs = tensors(name, calls)
    shapes = [tuple(output.shape) for output in outputs]
    arrange: Arrangement | None = None
    if len(shapes) == steps and all(shape[:1] == (batch,) for shape in shapes):
        arrange = stacked
    elif len(shapes) == steps and all(shape[:2] == (1, batch) for shape in shapes):
        arrange = chained
    elif len(shapes) == 1:
        known: dict[tuple[int, ...], Arrangement] = {
            (steps, batch): whole,
            (batch, steps): batch_first,
        }
        arrange = known.get(shapes[0][:2])
        if arrange is None and shapes[0][:1] == (steps * batch,):
            if samples_first is None:
                raise UsageError(
                    f"tap {name!r}: returned {list(shapes[0])} inside a fold of T = {steps}, "
                    f"N = {batch}, of which it can't be told whether time or the samples are in "
                    "front; expected [T, N, ...] or [N, T, ...]; tap a module outside the fold"
                )
            arrange = folded_batch_first if samples_first else folded
    else:
        times = len(calls) / steps
        often = f"{times:g} times a timestep" if times.is_integer() else f"{len(calls)} times"
        in_steps = all(shape[:1] == (steps,) and shape[1:2] != (batch,) for shape in shapes)
        if len(calls) == batch and in_steps:
            raise UsageError(
                f"tap {name!r}: called {batch} times in a run of T = {steps}, N = {batch}, so the "
                "network goes through the samples as if they were timesteps; use "
                "layout='batch_first' if it takes [N, T, ...], 'time_first' if it takes [T, N, ...]"
            )
        raise UsageError(
            f"tap {name!r}: called {often}, so that it is unclear which output is meant; expected "
            "one call; give every use a module of its own, or tap a module around them"
        )
    shape = None if arrange is None else tuple(arrange(outputs, steps, batch).shape[2:])
    if arrange is None or shape is None or len(shape) not in (1, 2, 3):
        raise UsageError(
            f"tap {name!r}: returned {list(shapes[0])} in a run of T = {steps}, N = {batch}, "
            "expected [T, N, ...], folded [T*N, ...], or [N, ...] once a timestep, where ... is "
            "C, H, W, or C, L, or tokens L, D, or F; tap a module with such an output"
        )
    if channels_last and len(shape) > 1:
        return TapPlace((shape[-1], *shape[:-1]), arrange, channels_last=True)
    return TapPlace(shape, arrange)


def gather(name: str, place: TapPlace, calls: list[Shown], steps: int, batch: int) -> Tensor:
    """One tap's outputs as [T, N, ...].

    Raises: UsageError: they do not arrive as they did in the dry run, or without gradients.
    """
    if torch.is_grad_enabled() and not all(call.learns for call in calls):
        raise UsageError(
            f"tap {name!r}: runs without gradients inside the network, so that what is learnt at "
            "it would not reach the network; with torch.utils.checkpoint say use_reentrant=False; "
            "to freeze a part, use requires_grad_(False) instead of no_grad"
        )
    outputs = tensors(name, calls)
    expected = steps if place.arrange in (stacked, chained) else 1
    if len(outputs) != expected:
        raise UsageError(
            f"tap {name!r}: called {len(outputs)} times in {steps} timesteps, but in the dry run "
            f"as if {expected} were right here; tap a module that is always called alike"
        )
    return place(outputs, steps, batch)


@contextmanager
def showing(module: nn.Module, names: Iterable[str]) -> Iterator[dict[str, list[Shown]]]:
    """Collect what the named parts return while the block runs; the hooks go when it ends."""
    calls: dict[str, list[Shown]] = {name: [] for name in names}
    with ExitStack() as hooks:
        for name, seen in calls.items():
            part = module.get_submodule(name)
            hooks.enter_context(part.register_forward_hook(_collector(seen)))
            # torch.compile does not look for hooks before it takes a graph that it has, made
            # without them; but it does look whether a module has a forward of its own.
            if not torch.compiler.is_compiling() and "forward" not in vars(part):
                vars(part)["forward"] = part.forward
                hooks.callback(vars(part).pop, "forward")
        yield calls


def check_name(module: nn.Module, name: object, *, option: str = "tap") -> str:
    """A module's dotted name, if there is such a module; 1 is "1", which YAML reads so.

    Raises: UsageError: there is none (lists the nearest).
    """
    names = [n for n, _ in module.named_modules(remove_duplicate=False) if n]
    if f"{name}" in names:
        return f"{name}"
    nearest = difflib.get_close_matches(str(name), names, n=_LISTED, cutoff=0.0)
    more = f", ... ({len(names)} in all)" if len(names) > len(nearest) else ""
    raise UsageError(
        f"{option}: got {name!r}, expected the name of a module in {type(module).__name__}: "
        f"{', '.join(nearest) or 'it has none'}{more}"
    )


def _collector(seen: list[Shown]) -> Callable[[nn.Module, Any, Any], None]:
    def hook(module: nn.Module, args: Any, output: Any) -> None:
        value, learns = first_tensor(output), torch.is_grad_enabled()
        if value is None:
            seen.append(Shown(output, None, learns))
        else:
            # An inference-mode tensor has no count.
            version = None if value.is_inference() else value._version
            seen.append(Shown(value, version, learns))

    return hook


def tensors(name: str, calls: list[Shown]) -> list[Tensor]:
    """What a tap showed, call after call.

    Raises: UsageError: nothing, or no floating-point tensor, or it was changed in place since.
    """
    if not calls:
        raise UsageError(
            f"tap {name!r}: never called by the network's forward; tap a module that is"
        )
    for call in calls:
        if not isinstance(call.value, Tensor) or not call.value.is_floating_point():
            found = getattr(call.value, "dtype", type(call.value).__name__)
            raise UsageError(
                f"tap {name!r}: returned {found}, expected a floating-point tensor, or a tuple "
                "that starts with one; tap a module with such an output"
            )
        if call.version is not None and call.value._version != call.version:
            raise UsageError(
                f"tap {name!r}: its output is changed in place by what follows, e.g. inplace=True "
                "or +=; make that out of place, or tap the module that does it"
            )
    return [call.value for call in calls]
