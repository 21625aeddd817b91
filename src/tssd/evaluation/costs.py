"""Hooks that watch a network run: firing rates of its neurons and operations of its layers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from tssd.adapters import AdaptedNet
from tssd.evaluation.counting import Column
from tssd.evaluation.firing import FiringRates, firing_rates, is_spiking
from tssd.evaluation.layers import ATTENTION, LAYERS, UNCOUNTED, has_time, works
from tssd.evaluation.operations import ATTENTION_RULE, RULE, layer_operations, total_operations
from tssd.evaluation.products import OtherProducts
from tssd.evaluation.spike_counts import Pass, Tally
from tssd.evaluation.unknown_neurons import UnknownNeurons
from tssd.models.base import Tap
from tssd.neurons import Neuron
from tssd.runs.evaluation import EnergyModel, LayerOperations, Operations
from tssd.time import is_constant_in_time


class _Layer:
    """A watched convolution or linear layer, or a product of spikes.

    Args:
        timesteps: T.
        inputs: how many it has; a product has two.
    """

    def __init__(self, timesteps: int, inputs: int) -> None:
        self.tallies = [Tally(timesteps) for _ in range(inputs)]
        self.before_spikes = False
        self.behind_spikes = False  # in this pass, at some call
        self.whole = torch.tensor(True)  # whether all inputs were whole numbers >= 0
        self.sums: list[Tensor] = []  # of the inputs of a pass, [S, 2]: values, and their sizes

    @property
    def tally(self) -> Tally:
        """Of the input whose events count: of 0 and 1 alone if one is, and of two such the sparser.

        A product of spikes with spikes can be computed event by event of either factor.
        """

        def price(tally: Tally) -> tuple[bool, int]:
            return tally.total(Column.GRADED) > 0, tally.total(Column.EVENTS)

        return min(self.tallies, key=price) if len(self.tallies) > 1 else self.tallies[0]

    @property
    def unplaced(self) -> bool:
        """Whether a call did not fit T timesteps of N samples."""
        return any(tally.unplaced for tally in self.tallies)

    def note(self, x: Tensor, steps: Tensor | None) -> None:
        """Look at an input in front of all spikes."""
        self.whole = self.whole.to(x.device) & ((x >= 0) & (x == x.floor())).all()
        if steps is not None:
            values = steps.flatten(1)
            of = [part.sum(1, dtype=torch.float32) for part in (values, values.abs())]
            self.sums.append(torch.stack(of, 1))

    def close_pass(self, samples: int, *, constant: bool, in_steps: bool) -> None:
        """Place a pass in time; what is the same at every timestep is computed once.

        Args:
            samples: N of the batch.
            constant: whether the input is the same at every timestep.
            in_steps: whether calls may be single timesteps though no neuron that we know stood
                between them.
        """
        timesteps = self.tallies[0].timesteps
        static = self.before_spikes and constant
        once = static and _same_in_time(self.sums, timesteps)
        # A layer that is used as often as there are timesteps, each time on something else.
        folded = static and not (once or self.behind_spikes or in_steps)
        for tally in self.tallies:
            tally.close_pass(samples, once=once, folded=folded)
        self.sums.clear()
        self.behind_spikes = False


def _same_in_time(sums: list[Tensor], timesteps: int) -> bool:
    """Whether inputs were the same at every step, but for rounding: no state stood before them.

    A neuron of a kind that we do not know may have stood there.
    """
    if sums and all(len(part) == 1 for part in sums) and len(sums) % timesteps == 0:
        sums = [torch.cat(sums).unflatten(0, (timesteps, -1))]
    return all(
        bool(((part - part[:1])[..., 0].abs() <= 1e-4 * part[:1, ..., 1]).all()) for part in sums
    )


class CostCounter:
    """Counts spikes and operations while a network runs.

        counter = CostCounter(net, timesteps)
        with counter.watching():
            for x, _ in batches:
                with counter.counting(x):  # [T, N, ...]
                    net(x)

    Args:
        net: any network.
        timesteps: T of every sequence.
        batch_first: whether layers are given N before T; may be set layer by layer until the first
            pass, see `orders` and `tssd.evaluation.fold_orders`.
        taps: modules at which early exits stand, to know what runs until then.
    """  # noqa: D400, D415 - the summary is followed by an example

    def __init__(
        self,
        net: nn.Module,
        timesteps: int,
        *,
        batch_first: bool = False,
        taps: Mapping[Tap, nn.Module] | None = None,
    ) -> None:
        self.net = net
        self.timesteps = timesteps
        self.batch_first = batch_first
        self.orders: dict[str, bool | None] = {}
        self.samples = 0
        self._neurons: dict[str, Tally] = {}
        self._layers: dict[str, _Layer] = {}
        self._others: dict[str, None] = {}  # layers that are not counted, in order
        self._products = OtherProducts(net)
        self._unknown = UnknownNeurons(net)
        self._taps = dict(taps or {})
        self._until: dict[Tap, tuple[str, ...]] = {}
        self._pass = Pass(timesteps, 0)
        self._spiked = False
        # Of as many samples as timesteps and tokens, a step [N, L, ...] looks like a sequence.
        self._steps_alone = isinstance(net, AdaptedNet) and net.layout == "stepped"

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hooks are in place inside, and gone outside."""
        hooks = [
            module.register_forward_hook(hook, with_kwargs=isinstance(module, LAYERS))
            for name, module in self.net.named_modules()
            if (hook := self._hook(name, module))
        ]
        hooks += [module.register_forward_hook(hook) for module, hook in self._unknown.hooks()]
        # Last, so that a layer which is a tap itself has been noted by then.
        hooks += [
            module.register_forward_hook(self._tap_hook(tap)) for tap, module in self._taps.items()
        ]
        hooks += self._products.hooks()
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    @contextmanager
    def counting(self, x: Tensor, *, spikes: bool = False) -> Iterator[None]:
        """One pass of the network over a sequence x [T, N, ...] takes place inside.

        Args:
            x: the sequence.
            spikes: whether x comes from neurons, so that no layer stands in front of all spikes.
        """
        samples = x.shape[1]
        constant = is_constant_in_time(x)
        self._pass = Pass(self.timesteps, samples)
        self._spiked = spikes
        # All passes multiply in the same places, so that one is watched.
        with nullcontext() if self.samples or self._products.compiled else self._products:
            yield
        for neuron in self._neurons.values():
            neuron.close_pass(samples)
        in_steps = self._steps_alone or bool(self._unknown.found())
        for layer in self._layers.values():
            layer.close_pass(samples, constant=constant, in_steps=in_steps)
        self.samples += samples

    def firing_rates(self) -> FiringRates:
        """Firing rates of all samples so far."""
        return firing_rates(self._neurons, self.timesteps, self._unknown.found())

    def layers_until(self, tap: Tap) -> tuple[str, ...] | None:
        """Layers that ran before the module at a tap was done, or None if it never ran."""
        return self._until.get(tap)

    def has_spikes(self) -> bool:
        """Whether any neuron ran so far, known or not; none does in an ANN."""
        return bool(self._neurons or self._unknown.found())

    def operations(self, energy: EnergyModel | None = None) -> Operations:
        """Operations per sample, see `tssd.evaluation.operations.RULE`."""
        layers: dict[str, LayerOperations] = {}
        uncounted = list(self._others | self._products.found)
        has_spikes, analogue = self.has_spikes(), False
        for name, layer in self._layers.items():
            if layer.unplaced:
                uncounted.append(name)
                continue
            # In an ANN, what follows an analogue layer is analogue, also where only 0 arrives.
            behind = analogue and not has_spikes
            analogue = layer.before_spikes and (behind or not layer.whole.item())
            layers[name] = layer_operations(layer.tally, self.samples, analogue=analogue)
        attends = any(isinstance(self.net.get_submodule(name), ATTENTION) for name in self._layers)
        rule = f"{RULE} {ATTENTION_RULE}" if attends else RULE
        return total_operations(layers, tuple(uncounted), energy or EnergyModel(), rule=rule)

    def _hook(self, name: str, module: nn.Module) -> Any:
        if is_spiking(module):
            return self._neuron_hook(name)
        if isinstance(module, UNCOUNTED):
            return self._other_hook(name)
        return self._layer_hook(name) if isinstance(module, LAYERS) else None

    def _tap_hook(self, tap: Tap) -> Any:
        def hook(*_: Any) -> None:
            self._until.setdefault(tap, tuple(self._layers))

        return hook

    def _other_hook(self, name: str) -> Any:
        def hook(*_: Any) -> None:
            self._others[name] = None

        return hook

    def _neuron_hook(self, name: str) -> Any:
        def hook(module: nn.Module, _: Any, output: Any) -> None:
            self._spiked = True
            spikes = output[0] if isinstance(output, tuple) else output
            tally = self._neurons.setdefault(name, Tally(self.timesteps))
            # SpikingJelly's neurons say whether they take sequences; snnTorch's never do.
            has_time = isinstance(module, Neuron) or getattr(module, "step_mode", "s") == "m"
            tally.add(self._pass.split(spikes, has_time=has_time), self._pass.samples)

        return hook

    def _layer_hook(self, name: str) -> Any:
        def hook(
            module: nn.Module, args: tuple[Tensor, ...], named: dict[str, Tensor], output: Tensor
        ) -> None:
            inputs = args if isinstance(module, ATTENTION) else (*args, *named.values())[:1]
            layer = self._layers.setdefault(name, _Layer(self.timesteps, len(inputs)))
            if self._spiked:
                layer.behind_spikes = True
            else:
                layer.before_spikes = True
            found = works(module, inputs, output)
            placing = replace(self._pass, batch_first=self.orders.get(name, self.batch_first))
            for tally, x, work in zip(layer.tallies, inputs, found, strict=True):
                timed = not self._steps_alone and has_time(module, x, placing.lead)
                steps = placing.split(x, has_time=timed)
                if layer.before_spikes:
                    layer.note(x, steps)
                tally.add(steps, self._pass.samples, work)

        return hook
