"""Hooks that watch a network run: firing rates of its neurons and operations of its layers."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from tssd.evaluation.events import Pass, Tally
from tssd.evaluation.firing import FiringRates, firing_rates, is_spiking
from tssd.evaluation.operations import (
    EnergyModel,
    LayerOperations,
    Operations,
    layer_operations,
    total_operations,
)
from tssd.neurons import Neuron
from tssd.time import is_constant_in_time

LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


class _Layer:
    """A watched convolution or linear layer."""

    def __init__(self, timesteps: int) -> None:
        self.tally = Tally(timesteps)
        self.before_spikes = False
        self.whole = torch.tensor(True)  # whether all inputs were whole numbers >= 0


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
        batch_first: whether the network itself has N before T.
    """  # noqa: D400, D415 - the summary is followed by an example

    def __init__(self, net: nn.Module, timesteps: int, *, batch_first: bool = False) -> None:
        self.net = net
        self.timesteps = timesteps
        self.batch_first = batch_first
        self.samples = 0
        self._neurons: dict[str, Tally] = {}
        self._layers: dict[str, _Layer] = {}
        self._pass = Pass(timesteps, 0)
        self._spiked = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hooks are in place inside, and gone outside."""
        hooks = [
            module.register_forward_hook(hook)
            for name, module in self.net.named_modules()
            if (hook := self._hook(name, module))
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    @contextmanager
    def counting(self, x: Tensor) -> Iterator[None]:
        """One pass of the network over a sequence x [T, N, ...] takes place inside."""
        samples = x.shape[1]
        constant = is_constant_in_time(x)
        self._pass = Pass(self.timesteps, samples, batch_first=self.batch_first)
        self._spiked = False
        yield
        for neuron in self._neurons.values():
            neuron.close_pass(samples)
        for layer in self._layers.values():
            layer.tally.close_pass(samples, once=layer.before_spikes and constant)
        self.samples += samples

    def firing_rates(self) -> FiringRates:
        """Firing rates of all samples so far."""
        return firing_rates(self._neurons, self.timesteps)

    def operations(self, energy: EnergyModel | None = None) -> Operations:
        """Operations per sample, see `tssd.evaluation.operations.RULE`."""
        layers: dict[str, LayerOperations] = {}
        uncounted: list[str] = []
        for name, layer in self._layers.items():
            if layer.tally.unplaced:
                uncounted.append(name)
                continue
            analogue = layer.before_spikes and not layer.whole.item()
            layers[name] = layer_operations(layer.tally, self.samples, analogue=analogue)
        return total_operations(layers, tuple(uncounted), energy or EnergyModel())

    def _hook(self, name: str, module: nn.Module) -> Any:
        if is_spiking(module):
            return self._neuron_hook(name)
        return self._layer_hook(name) if isinstance(module, LAYERS) else None

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
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            x = inputs[0]
            layer = self._layers.setdefault(name, _Layer(self.timesteps))
            if not self._spiked:
                layer.before_spikes = True
            if layer.before_spikes:
                layer.whole = layer.whole.to(x.device) & ((x >= 0) & (x == x.floor())).all()
            steps = self._pass.split(x, has_time=self._has_time(module, x))
            layer.tally.add(steps, self._pass.samples, _dense_macs(module, output))

        return hook

    def _has_time(self, layer: nn.Module, x: Tensor) -> bool:
        if isinstance(layer, nn.Linear):
            return x.dim() > 2 and x.shape[:2] == self._pass.lead
        return x.dim() == _weight(layer).dim() + 1


def _weight(layer: nn.Module) -> Tensor:
    return layer.weight  # pyright: ignore[reportReturnType] - every one of LAYERS has it


def _dense_macs(layer: nn.Module, output: Tensor) -> int:
    """MACs of one call: every output value costs its fan-in."""
    return output.numel() * prod(_weight(layer).shape[1:])
