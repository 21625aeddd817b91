"""Layers of neurons that never fire, or always: told once, after the first epoch."""

import logging
from collections.abc import Mapping
from typing import Any, cast

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from tssd.adapters.output import first_tensor
from tssd.evaluation.firing import is_spiking
from tssd.evaluation.unknown_neurons import UnknownNeurons
from tssd.listed import and_more
from tssd.runs.firing_limits import always_fires, never_fires
from tssd.training.module import DistillModule
from tssd.training.progress_line import Progress

log = logging.getLogger("tssd")

# The last batches of the first epoch are watched: by then the statistics of a first step are over.
BATCHES = 8
# Outputs that a layer must have had: of fewer, all may be silent by chance.
LEAST = 1_000
# Layers that a message names.
NAMED = 4


class SilentLayers(Callback):
    """Warns of layers that passed nothing on at the end of the first epoch, or always the same.

    Watched is what training computes anyway, in training mode; nothing is drawn and no accelerator
    is waited for, so that training gives the same weights with it and without. Known are tssd's
    neurons, SpikingJelly's, snnTorch's and modules of one's own that turn fractions into whole
    numbers, in the network and in its exits; not the teachers. Not for compiled networks, whose
    parts show nothing.
    """

    def __init__(self) -> None:
        self._outputs: dict[str, _Outputs] = {}
        self._hooks: list[RemovableHandle] = []
        self._unknown: UnknownNeurons | None = None

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Begin to watch, if this is one of the last batches of the first epoch."""
        is_last = batch_idx + BATCHES >= trainer.num_training_batches
        if trainer.current_epoch == 0 and is_last and not self._hooks:
            self._watch(cast(DistillModule, pl_module))

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop after the last one: validation is to go unwatched."""
        if batch_idx + 1 >= trainer.num_training_batches:
            self._stop()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say what was seen."""
        self._stop()  # where training is stopped in the midst of an epoch
        rates = self._rates()
        self._outputs.clear()
        if (told := warning(rates)) is not None:
            for callback in trainer.callbacks:  # pyright: ignore[reportAttributeAccessIssue]
                if isinstance(callback, Progress):
                    callback.leave()
            log.warning("%s", told)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Leave no hook on a network whose training has ended early."""
        self._stop()

    def _watch(self, module: DistillModule) -> None:
        self._unknown = UnknownNeurons(module.net)
        watched = {n: m for n, m in module.net.named_modules() if is_spiking(m)}
        exits = module.criterion.exits.named_modules(prefix="exits")
        watched |= {name: part for name, part in exits if is_spiking(part)}
        for name, part in watched.items():
            self._hook(name, part, module, _Outputs())
        for name, part in self._unknown.candidates():
            self._hook(name, part, module, _OfUnknown())

    def _hook(self, name: str, part: nn.Module, module: nn.Module, outputs: "_Outputs") -> None:
        def hook(_: nn.Module, inputs: Any, output: Any) -> None:
            y = first_tensor(output)
            if not (module.training and y is not None and y.numel()):
                return
            # Noted when it first runs, so that layers are named in the order of execution.
            self._outputs.setdefault(name, outputs).add(first_tensor(inputs), y.detach())

        self._hooks.append(part.register_forward_hook(hook))

    def _stop(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def _rates(self) -> dict[str, float]:
        """Firing rates of the layers that showed enough to be judged; waits for the device."""
        if self._unknown is None:
            return {}
        own = [n for n, seen in self._outputs.items() if isinstance(seen, _OfUnknown)]
        spiked = [name for name in own if self._outputs[name].are_spikes()]
        left_out = set(own) - set(self._unknown.neurons_among(spiked))
        return {
            name: seen.rate()
            for name, seen in self._outputs.items()
            if name not in left_out and seen.values >= LEAST and seen.are_spikes()
        }


def warning(rates: Mapping[str, float]) -> str | None:
    """One line on the layers that never fire or always, and what to change; None = there are none.

    Args:
        rates: by the layer's name, in the order of execution: share of its neurons and timesteps
            that spiked.
    """
    silent = {name: rate for name, rate in rates.items() if never_fires(rate)}
    stuck = {name: rate for name, rate in rates.items() if always_fires(rate)}
    told = []
    if silent:
        told.append(
            f"{len(silent)} of {len(rates)} layers of neurons never fire ({_listed(silent)}), and "
            "nothing behind them learns from the input: lower their v_threshold or raise tau, put "
            "a norm in front of them, scale the input up, or lower the learning rate"
        )
    if stuck:
        told.append(
            f"{len(stuck)} of {len(rates)} layers of neurons always fire ({_listed(stuck)}), "
            "whatever the input: raise their v_threshold or lower tau, put a norm in front of "
            "them, scale the input down, or lower the learning rate"
        )
    return f"net: at the end of the first epoch {'; '.join(told)}" if told else None


def _listed(rates: Mapping[str, float]) -> str:
    names = [f"{name or 'the network'} {100 * rate:.3g} %" for name, rate in rates.items()]
    return and_more(names, NAMED)


class _Outputs:
    """What a layer of neurons has put out, summed up call by call where it was computed."""

    def __init__(self) -> None:
        self.values = 0
        self._sums: list[Tensor] = []
        self._extremes: list[Tensor] = []

    def add(self, x: Tensor | None, y: Tensor) -> None:
        """Take in an output y of any shape, for an input x."""
        y = y if y.is_floating_point() else y.float()
        self.values += y.numel()
        self._sums.append(y.sum(dtype=torch.float32))
        self._extremes += torch.aminmax(y)

    def are_spikes(self) -> bool:
        """Whether nothing lay outside 0 to 1: neurons may put out their membrane instead."""
        values = torch.stack(self._extremes)
        return bool(((values >= 0) & (values <= 1)).all())

    def rate(self) -> float:
        """Mean of the outputs: of spikes, the share that fired."""
        return float(torch.stack(self._sums).double().sum()) / self.values


class _OfUnknown(_Outputs):
    """The same of a module that may be a neuron, or anything else."""

    def __init__(self) -> None:
        super().__init__()
        self._became_whole: list[Tensor] = []

    def add(self, x: Tensor | None, y: Tensor) -> None:
        """Take in an output, and whether it was whole numbers though fractions went in."""
        super().add(x, y)
        if x is not None and x.is_floating_point():
            fractions, whole = ~_is_whole(x.detach()), _is_whole(y)
            self._became_whole.append(torch.stack([fractions, whole]))

    def are_spikes(self) -> bool:
        """Whether they look like spikes."""
        told = [bool(whole) for fractions, whole in self._became_whole if fractions]
        return bool(told) and all(told) and super().are_spikes()


def _is_whole(x: Tensor) -> Tensor:
    return ((x >= 0) & (x == x.floor())).all()
