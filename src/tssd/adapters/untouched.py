"""A dry run leaves a network as it was: its modes, its buffers, its numbers."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import is_lazy

from tssd.errors import UsageError
from tssd.neurons.foreign import clear_state
from tssd.time import refuse_shared_out


class Buffers:
    """A network's buffers as they are now, to be put back."""

    def __init__(self, module: nn.Module) -> None:
        self.saved = [
            (part, name, buffer, buffer.clone())
            for part in module.modules()
            for name, buffer in part.named_buffers(recurse=False)
            if not is_lazy(buffer)
        ]

    def restore(self, *, torchs_own: bool = False) -> None:
        """Put back all buffers, or those of torch's own layers, whose state is no membrane."""
        for part, name, buffer, value in self.saved:
            if not torchs_own or type(part).__module__.startswith("torch."):
                buffer.copy_(value)
                setattr(part, name, buffer)


def check_kind(module: nn.Module) -> None:
    """Refuse networks that can't be watched or trained at all.

    Raises: UsageError: a scripted or an exported part, a part that is split over devices, weights
        that were made in inference mode, or that have no numbers.
    """
    for name, part in module.named_modules():
        refuse_shared_out(part, f"module: {name or 'it'}")
        if isinstance(part, torch.jit.ScriptModule):
            raise UsageError(
                f"module: {name or 'it'} is a scripted module, whose insides can't be watched; "
                "pass the network that it was scripted from"
            )
        # Those of torch.export have a train() of their own, which fails.
        if isinstance(part, torch.fx.GraphModule) and "train" in vars(part):
            raise UsageError(
                f"module: {name or 'it'} is an exported program, which can't be trained; pass the "
                "network that it was exported from"
            )
    for name, weight in (*module.named_parameters(), *module.named_buffers()):
        if weight.is_meta and not is_lazy(weight):
            raise UsageError(
                f"module: {name} is on the meta device and has no numbers; build the network on a "
                "device, or load its weights with load_state_dict(..., assign=True)"
            )
        if not is_lazy(weight) and weight.is_inference():
            raise UsageError(
                f"module: {name} was made in torch.inference_mode() and can never be trained; "
                "build the network outside, or under torch.no_grad()"
            )


@contextmanager
def untouched(module: nn.Module) -> Iterator[Buffers]:
    """Without gradients; afterwards modes, buffers and plain numbers are as before."""
    clear_state(module)  # first, so that no old membrane is put back
    modes = [(part, part.training) for part in module.modules()]
    numbers = [
        (part, {k: v for k, v in vars(part).items() if isinstance(v, int | float)})
        for part in module.modules()
        if not isinstance(part, LazyModuleMixin)  # learns its sizes in the dry run, and keeps them
    ]
    buffers = Buffers(module)
    with torch.no_grad():
        try:
            yield buffers
        finally:
            for part, values in numbers:
                # Not those that are something else now, e.g. a membrane that was 0.0.
                vars(part).update({k: v for k, v in values.items() if k in vars(part)})
            for part, training in modes:
                part.training = training
            buffers.restore()


@contextmanager
def own_statistics(module: nn.Module) -> Iterator[None]:
    """Batch norms take over the statistics of what they are shown, in training mode, in here.

    With those of a fresh network hardly a neuron fires in eval mode, which hides what is wrong.
    """
    norms = [
        part
        for part in module.modules()
        if isinstance(part, nn.modules.batchnorm._NormBase)  # pyright: ignore[reportPrivateUsage]
    ]
    momenta = [part.momentum for part in norms]
    try:
        for part in norms:
            part.momentum = 1.0
        yield
    finally:
        for part, momentum in zip(norms, momenta, strict=True):
            part.momentum = momentum
