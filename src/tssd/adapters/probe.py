"""The dry run: learns a network's taps and classes, and proves that it can be trained."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from tssd.adapters.net import Layout, Reset, forget, run
from tssd.adapters.state import clear_state, steps_checked
from tssd.adapters.taps import Shown, TapPlace, learn
from tssd.errors import TssdError, UsageError
from tssd.time import repeat_in_time

# Timesteps of a dry run on images, where nobody asks for another number.
TIMESTEPS = 4

# Two runs on the same input may differ by rounding, where a device adds up in any order.
TOLERANCE = 1e-4

# The same samples in another order may differ by a spike or two that rounding tips over; samples
# that are mixed up differ about as much as two samples do.
MIXED = 0.1


class _Buffers:
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


@dataclass(frozen=True)
class Probe:
    """A network as a dry run sees it. Arguments as in `adapt`; x [T, N, ...], T != N."""

    module: nn.Module
    taps: tuple[str, ...]
    layout: Layout
    reset: Reset | None
    x: Tensor

    def learn(self) -> tuple[int, dict[str, TapPlace]]:
        """Classes K, and the place of every tap.

        Raises: UsageError: the network fails, has taps or logits of another shape, keeps state
            between calls, or mixes samples.
        """
        steps, batch = self.x.shape[:2]
        stepped, time_first = self.layout == "stepped", self.layout != "batch_first"
        with (
            _untouched(self.module) as buffers,
            steps_checked(self.module, steps, batch, stepped=stepped),
        ):
            # With fresh batch norms a network hardly fires in eval mode, and hides what is wrong.
            for training in (True, False):
                self.module.train(training)
                logits, calls = self._run(self.x, buffers)
                places = {
                    name: learn(name, seen, steps, batch, time_first=time_first)
                    for name, seen in calls.items()
                }
                self._check_state(logits, buffers)
                self._check_samples(logits, buffers)
            forget(self.module, self.reset)
        return logits.shape[-1], places

    def _check_state(self, logits: Tensor, buffers: _Buffers) -> None:
        again, _ = self._run(self.x, buffers)
        if not torch.allclose(logits, again, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
            mode = "training" if self.module.training else "eval"
            raise UsageError(
                f"reset: two runs on the same input in {mode} mode differ, so the network keeps a "
                "state between calls (SpikingJelly's and snnTorch's are reset for you); pass what "
                "clears it: tssd.adapt(..., reset=lambda net: ...)"
            )

    def _check_samples(self, logits: Tensor, buffers: _Buffers) -> None:
        backwards = self._run(self.x.flip(1), buffers)[0].flip(1)
        spread = (logits - logits.mean((0, 1))).norm()
        if not (logits - backwards).norm() > MIXED * spread:
            return
        # A network that draws random numbers, e.g. a Poisson encoder, can't be checked.
        if torch.equal(logits, self._run(self.x, buffers, skip=1)[0]):
            raise UsageError(
                "layout: a sample's logits depend on the other samples of its batch, so the "
                f"network takes another axis for time; layout={self.layout!r} may be wrong, or "
                "SpikingJelly's step_mode: 'm' for whole sequences, 's' for layout='stepped'"
            )

    def _run(
        self, x: Tensor, buffers: _Buffers, *, skip: int = 0
    ) -> tuple[Tensor, dict[str, list[Shown]]]:
        """Run from the same random state as always, or from `skip` numbers later."""
        # Layers of torch's own move on in training mode: batch norm, spectral norm.
        buffers.restore(torchs_own=True)
        with torch.random.fork_rng([x.device] if x.is_cuda else []):
            torch.rand(skip)
            torch.rand(skip, device=x.device)
            try:
                # A copy: the network may change its input in place.
                return run(self.module, x.clone(), self.taps, layout=self.layout, reset=self.reset)
            except TssdError:
                raise
            except Exception as error:
                reason = (str(error).splitlines() or [""])[0]
                takes = {
                    "time_first": list(x.shape),
                    "batch_first": list(x.transpose(0, 1).shape),
                    "stepped": list(x.shape[1:]),
                }
                raise UsageError(
                    f"module: {type(self.module).__name__} failed on an input {takes[self.layout]} "
                    f"(layout={self.layout!r}) with {type(error).__name__}: {reason}; check the "
                    "layout, the example's shape, and whether old state needs a reset=..."
                ) from error


def probe_input(example: object, timesteps: int | None, device: torch.device | None) -> Tensor:
    """A small sequence [T, N, ...] of the example, T != N, so that no axis passes for another.

    Raises: UsageError: neither images [N, C, H, W] or [N, F] nor a sequence of them; T < 2.
    """
    found = (
        f"shape {list(example.shape)}" if isinstance(example, Tensor) else type(example).__name__
    )
    if not isinstance(example, Tensor) or example.dim() not in (2, 3, 4, 5) or not example.numel():
        raise UsageError(
            f"example: got {found}, expected images [N, C, H, W] or [N, F], or sequences "
            "[T, N, C, H, W] or [T, N, F]; pass the first batch of the training data"
        )
    images = example.dim() in (2, 4)
    steps = timesteps if timesteps is not None else TIMESTEPS if images else example.shape[0]
    if steps < 2:
        raise UsageError(
            f"timesteps: got {steps} for the dry run, expected at least 2, or time can't be told "
            "from a single step; training may use any number"
        )
    if not images and steps > example.shape[0]:
        raise UsageError(
            f"timesteps: got {steps}, but the example has {example.shape[0]}; lower it"
        )
    x = repeat_in_time(example, steps) if images else example[:steps]
    samples = 2 if steps == 3 else 3
    # A smaller batch is shown more than once.
    chosen = torch.arange(samples, device=x.device) % x.shape[1]
    return x[:, chosen].to(device)


@contextmanager
def _untouched(module: nn.Module) -> Iterator[_Buffers]:
    """Without gradients; afterwards modes and buffers are as before."""
    clear_state(module)  # first, so that no old membrane is put back
    modes = [(part, part.training) for part in module.modules()]
    buffers = _Buffers(module)
    with torch.no_grad():
        try:
            yield buffers
        finally:
            for part, training in modes:
                part.training = training
            buffers.restore()
