"""Neurons that can't remember, because they are called otherwise than they are made for."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from tssd.errors import UsageError
from tssd.neurons import Neuron
from tssd.neurons.foreign import forward_is_foreign, state_keepers, takes_one_step

_REPEATING = "layout='repeating' if the network repeats its input itself"
_TURNED = (
    "use layout='time_first' if the network takes [T, N, ...], 'batch_first' if it takes "
    "[N, T, ...] and turns the axes in front of it"
)


@contextmanager
def steps_checked(module: nn.Module, steps: int, batch: int, *, stepped: bool) -> Iterator[None]:
    """Refuse neurons that take a sequence for one step, or a step for a sequence, while in here.

    Both run and give outputs of the right shape. It takes T != N and N > 1 to see it.
    """

    def kept(part: nn.Module, args: tuple[object, ...]) -> None:
        x = args[0] if args else None
        if not isinstance(x, Tensor):
            return
        single, shape = takes_one_step(part), tuple(x.shape)
        who = f"layout: {names[part]} ({type(part).__name__})"
        if single and not stepped and shape[:2] == (steps, batch):
            raise UsageError(
                f"{who} computes one timestep a call, but was given a whole sequence "
                f"{list(shape)}; use layout='stepped', or step_mode='m' if it is SpikingJelly's, "
                f"or {_REPEATING}"
            )
        if stepped and not single and shape[0] == batch:
            raise UsageError(
                f"{who} has step_mode='m' and takes the batch in {list(shape)} for time; set "
                f"step_mode='s', or layout='time_first', or {_REPEATING}"
            )
        if not single and shape[:2] == (batch, steps):
            raise UsageError(
                f"{who} has step_mode='m' and takes the batch in {list(shape)} for time; {_TURNED}"
            )
        nested = shape[1:2] == (batch,) if stepped else shape[1:3] == (steps, batch)
        if not single and nested and shape[0] > 1:
            raise UsageError(
                f"{who} was given {shape[0]} timesteps {list(shape)} inside one; use {_REPEATING}, "
                "or layout='time_first' if it takes sequences"
            )

    def clean(part: nn.Module, args: tuple[object, ...]) -> None:
        # Ours start from clean membranes in every call, so that a call must be the whole run.
        x = args[0] if args else None
        if not isinstance(x, Tensor):
            return
        shape = tuple(x.shape)
        taken_for_time = shape[:2] == (batch, steps)  # the batch
        whole = shape[0] in (steps, batch) and shape[1:3] != (steps, batch) and not taken_for_time
        if whole and not stepped:
            return
        name = next(n for n, p in module.named_modules() if p is part)
        if taken_for_time and not stepped:
            raise UsageError(
                f"layout: {name} ({type(part).__name__}) was given {list(shape)} and takes the "
                f"batch for time; {_TURNED}"
            )
        raise UsageError(
            f"layout: {name} ({type(part).__name__}) was given {list(x.shape)} and forgets after "
            f"every call, but a run has {steps} timesteps of {batch} samples; pass it whole "
            f"sequences [T, N, ...] with layout='time_first', or use {_REPEATING}"
        )

    names = {
        part: name
        for name, part, _ in state_keepers(module)
        # A network of the user's own may derive from a neuron's base class and do otherwise.
        if forward_is_foreign(part)
    }
    with ExitStack() as hooks:
        for part in names:
            hooks.enter_context(part.register_forward_pre_hook(kept))
        for part in module.modules():
            if isinstance(part, Neuron):
                hooks.enter_context(part.register_forward_pre_hook(clean))
        yield


@contextmanager
def loops_checked(module: nn.Module) -> Iterator[None]:
    """Refuse a network for one timestep whose call runs all its neurons and weights repeatedly."""
    calls: dict[nn.Module, int] = {}
    neurons = {part for _, part, _ in state_keepers(module) if forward_is_foreign(part)}
    weighted = {part for part in module.modules() if _has_weights(part)} - neurons

    def count(part: nn.Module, args: object) -> None:
        calls[part] = calls.get(part, 0) + 1

    def begin(part: nn.Module, args: object) -> None:
        calls.clear()

    def end(part: nn.Module, args: object, output: object) -> None:
        often = {calls[n] for n in neurons if n in calls}
        repeated = any(calls.get(w, 0) > 1 for w in weighted)
        if repeated and often and min(often) > 1:
            raise UsageError(
                f"layout: one call of {type(module).__name__} runs its neurons {min(often)} times, "
                f"so it is more than a timestep of layout='stepped'; use {_REPEATING}"
            )

    with ExitStack() as hooks:
        for part in neurons | weighted:
            hooks.enter_context(part.register_forward_pre_hook(count))
        hooks.enter_context(module.register_forward_pre_hook(begin, prepend=True))
        hooks.enter_context(module.register_forward_hook(end))
        yield


@contextmanager
def whole_sequence_calls(module: nn.Module, steps: int, batch: int) -> Iterator[list[str]]:
    """Names of weighted layers that are called again and again with whole sequences in here."""
    calls: dict[str, int] = {}
    repeated: list[str] = []

    def counter(name: str):
        def count(part: nn.Module, args: tuple[object, ...]) -> None:
            x = args[0] if args else None
            if isinstance(x, Tensor) and tuple(x.shape[:2]) == (steps, batch):
                calls[name] = calls.get(name, 0) + 1
                if calls[name] == 2:
                    repeated.append(name)

        return count

    def begin(part: nn.Module, args: object) -> None:
        calls.clear()

    with ExitStack() as hooks:
        for name, part in module.named_modules():
            if _has_weights(part):
                hooks.enter_context(part.register_forward_pre_hook(counter(name)))
        hooks.enter_context(module.register_forward_pre_hook(begin, prepend=True))
        yield repeated


def _has_weights(part: nn.Module) -> bool:
    return any(is_lazy(p) or p.dim() > 1 for p in part.parameters(recurse=False))
