"""One network, one small input: runs that are repeatable, and errors that name the layout."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tssd.adapters.average import TimeMean, TimeMeans
from tssd.adapters.call import Call
from tssd.adapters.taps import Shown, showing
from tssd.adapters.untouched import Buffers
from tssd.errors import TssdError, UsageError
from tssd.models.drawn_again import drawn_again

# Other random numbers that a network is run with, until one of them makes a difference.
DRAWS = 16


@dataclass(frozen=True)
class Trial:
    """A network in its present mode. Arguments as in `Call`; x [T, N, ...], T != N.

    Args:
        buffers: what layers of torch's own start from in every run.
    """

    module: nn.Module
    call: Call
    x: Tensor
    buffers: Buffers

    def run(
        self, x: Tensor | None = None, taps: Iterable[str] = (), *, skip: int = 0
    ) -> tuple[Tensor, dict[str, list[Shown]]]:
        """Run from the same random state as always, or from `skip` numbers later.

        Raises: UsageError: the network fails.
        """
        with self._repeatable(self.x if x is None else x, skip) as copy:
            return self.call.run(self.module, copy, taps)

    def logits(self, x: Tensor | None = None, *, skip: int = 0) -> Tensor:
        """The logits alone."""
        return self.run(x, skip=skip)[0]

    def returned(
        self, names: Iterable[str] = ()
    ) -> tuple[object, list[TimeMean], dict[str, list[Shown]]]:
        """What the network itself returns, which means may be over time, and what taps show."""
        with (
            self._repeatable(self.x, 0) as copy,
            showing(self.module, names) as calls,
            TimeMeans(None, (copy.shape[0], copy.shape[1])) as means,
        ):
            self.call.forget(self.module)
            return self.call.output(self.module, copy), means.candidates, calls

    def is_random(self, logits: Tensor) -> bool:
        """Whether a network draws random numbers, e.g. a Poisson encoder or dropout.

        Where hardly a neuron fires, most of them change nothing; so several are tried, and where
        none fires, what the numbers do can't be told.
        """
        if not self._draws():
            return False
        others = (self.logits(skip=skip) for skip in range(1, DRAWS + 1))
        silent = torch.equal(logits, logits[:, :1].expand_as(logits))
        return silent or any(not torch.equal(logits, other) for other in others)

    def _draws(self) -> bool:
        with self._repeatable(self.x, 0) as copy:
            before = _generators(copy)
            self.call.run(self.module, copy)
            return any(
                not torch.equal(a, b) for a, b in zip(before, _generators(copy), strict=True)
            )

    @contextmanager
    def _repeatable(self, x: Tensor, skip: int) -> Iterator[Tensor]:
        """In here a run on the given copy of x starts as all others; failures are told."""
        # Layers of torch's own move on in training mode: batch norm, spectral norm.
        self.buffers.restore(torchs_own=True)
        with drawn_again(x):
            torch.rand(skip)
            torch.rand(skip, device=x.device)
            try:
                yield x.clone()  # the network may change its input in place
            except TssdError:
                raise
            except Exception as error:
                raise UsageError(self._failed(x, error)) from error

    def _failed(self, x: Tensor, error: Exception) -> str:
        reason = (str(error).splitlines() or [""])[0]
        shape = list(x.shape)
        takes = {"batch_first": [shape[1], shape[0], *shape[2:]], "time_first": shape}
        kinds = (p.dtype for p in self.module.parameters() if p.is_floating_point())
        dtype = next(kinds, x.dtype)
        other = f", its dtype (pass example.to({dtype}))" if dtype != x.dtype else ""
        signals = ", sample_dims=2 for signals [N, C, L]" if x.dim() in (3, 5) else ""
        return (
            f"module: {type(self.module).__name__} failed on an input "
            f"{takes.get(self.call.layout, shape[1:])} (layout={self.call.layout!r}) with "
            f"{type(error).__name__}: {reason}; check the layout, the example's shape{signals}"
            f"{other}, and whether old state needs a reset=..."
        )


def _generators(x: Tensor) -> list[Tensor]:
    """The states of the generators that a run on x may draw from."""
    return [torch.get_rng_state(), *([torch.cuda.get_rng_state(x.device)] if x.is_cuda else [])]
