"""How a network that we did not write is called for a whole sequence, whatever its layout."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from tssd.adapters.average import TimeMean, TimeMeans, logits_of_means
from tssd.adapters.output import checked, first_tensor, listed_logits
from tssd.adapters.stepping import carried, state_arguments
from tssd.adapters.taps import Shown, TapPlace, gather, showing
from tssd.errors import UsageError
from tssd.neurons.foreign import clear_state, leave_graph
from tssd.time import is_constant_in_time

# What a network takes and returns: [T, N, ...] -> [T, N, K] at once; [N, T, ...] -> [N, T, K] at
# once; [N, ...] -> [N, K], called once a timestep; [N, ...] -> [T, N, K], called once, because it
# repeats its input itself. In the place of [T, N, K] may be the mean over T.
Layout = Literal["time_first", "batch_first", "stepped", "repeating"]
LAYOUTS: tuple[Layout, ...] = ("time_first", "batch_first", "stepped", "repeating")

# Makes a network forget, where its state is of a kind that we do not know.
Reset = Callable[[nn.Module], object]

# Tells a network that repeats its input how often: (network, T).
SetTimesteps = Callable[[nn.Module, int], object]


@dataclass(frozen=True)
class Call:
    """How a network is called: what the user said of it, and what the dry run learned.

    Args:
        layout: what the network takes and returns.
        reset: called with the network before every call, or None.
        set_timesteps: tells a repeating network its T.
        head: name of the module that returns each timestep's logits, or None: the network does.
        head_place: how the head's outputs arrive.
        means: where the network takes the mean over time, in training mode (True) and eval mode;
            empty = it returns the logits of every timestep.
    """

    layout: Layout
    reset: Reset | None = None
    set_timesteps: SetTimesteps | None = None
    head: str | None = None
    head_place: TapPlace | None = None
    means: Mapping[bool, TimeMean] = field(default_factory=dict)

    def forget(self, module: nn.Module) -> None:
        """Clear the state of all parts of a network, known and unknown."""
        clear_state(module)
        if self.reset is None:
            return
        # A reset in place, such as net.membrane.zero_(), would go on in the last call's graph.
        for part in module.modules():
            leave_graph(part)
        self.reset(module)

    def run(
        self, module: nn.Module, x: Tensor, names: Iterable[str] = ()
    ) -> tuple[Tensor, dict[str, list[Shown]]]:
        """Run x [T, N, ...] from clean membranes: logits [T, N, K] and what each tap showed."""
        names = [*names]
        steps, batch = x.shape[:2]
        place = self.means.get(module.training)
        watched = dict.fromkeys([*names, self.head] if self.head else names)
        averaging = nullcontext() if place is None else TimeMeans(place, (steps, batch))
        self.forget(module)
        with showing(module, watched) as calls, averaging:
            output = self.output(module, x)
        if self.head is not None and self.head_place is not None:
            logits = gather(self.head, self.head_place, calls[self.head], steps, batch).flatten(2)
        elif place is not None:
            means = first_tensor(output)
            if means is None or means.dim() != 2 or means.shape[0] != steps * batch:
                raise UsageError(
                    "output: the network takes its mean over time elsewhere than in the dry run; "
                    "return the logits of every timestep [T, N, K] instead of their mean"
                )
            logits = logits_of_means(means, steps)
        elif self.layout == "stepped":
            logits = output
        else:
            logits = listed_logits(output, steps, batch)
            if logits is None:
                logits = checked(output, self.layout, steps, batch)
                logits = logits.transpose(0, 1) if self.layout == "batch_first" else logits
        assert isinstance(logits, Tensor)
        return logits, {name: calls[name] for name in names}

    def output(self, module: nn.Module, x: Tensor) -> object:
        """What a network returns for x [T, N, ...]; of a stepped one the logits, stacked."""
        x = x.transpose(0, 1) if self.layout == "batch_first" else x
        # A repeated image is a view of one (see repeat_in_time): view() fails on it, and what
        # changes it in place changes the caller's data. A copy is safe in unknown networks.
        if self.layout == "stepped":
            return self._stepped(module, x.clone() if len(x) == 1 else x.contiguous())
        if self.layout == "repeating":
            if not is_constant_in_time(x) and not torch.equal(x, x[:1].expand_as(x)):
                raise UsageError(
                    "input: layout='repeating' shows one input at every timestep, but got a "
                    "sequence that changes; use a layout that takes sequences"
                )
            if self.set_timesteps is not None:
                self.set_timesteps(module, x.shape[0])
            return module(x[0].clone())
        return module(x.clone() if x.is_contiguous() and 1 in x.shape[:2] else x.contiguous())

    def _stepped(self, module: nn.Module, x: Tensor) -> Tensor:
        names = state_arguments(module)
        state: dict[str, object] = {}
        logits: list[Tensor] = []
        for x_t in x:
            output = module(x_t, **state)
            state = carried(module, output, names)
            logits.append(checked(output, "stepped", *x.shape[:2]))
        return torch.stack(logits)
