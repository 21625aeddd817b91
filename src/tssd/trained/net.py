"""A trained network with all that belongs to it: preprocessing, class names, timesteps."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from tssd.errors import DataError, UsageError
from tssd.models.base import NetOutput, SpikingNet, Tap, eval_mode
from tssd.objectives import Timesteps
from tssd.objectives.batch import dtype_of
from tssd.objectives.per_timestep import check_length
from tssd.time import fold, repeat_in_time, running_mean
from tssd.trained.inputs import FrameInput, GivenInput, ImageInput, as_tensor
from tssd.whole import whole

# The most timesteps to run for: a hundred times what anybody trains, and still in memory.
LONGEST = 1000
# Frames at a time, which bound the memory: 64 samples at T = 16.
FRAMES = 1024

# For a number of timesteps, what turns a recording into frames [T, C, H, W].
Reader = Callable[[int], Callable[[Path], Tensor]]


@dataclass(frozen=True)
class Prediction:
    """Classes at T = 1, 2, ..., and how sure the network is.

    Args:
        classes: numbers of the classes, int64 [T, N].
        confidences: softmax of the mean logits, 0 to 1, [T, N].
        class_names: of all classes.
    """

    classes: Tensor
    confidences: Tensor
    class_names: tuple[str, ...]

    @property
    def names(self) -> list[list[str]]:
        """Names of the classes, [T][N]."""
        return [[self.class_names[k] for k in row] for row in self.classes.tolist()]


class TrainedNet(nn.Module):
    """A trained network; called, it is the plain network, which takes normalised input.

    Args:
        net: the plain network.
        transform: from raw images or frames to the network's input.
        class_names: of the K classes.
        timesteps: that it was trained for.
        epoch: whose weights it has, counted from 1; None = not known.
        unfinished: how far training was, such as "epoch 3 of 40"; None = finished.
        read_recording: what reads event recordings; None = the network takes images.
    Shapes: x [T, N, C, H, W] -> NetOutput.
    """

    def __init__(
        self,
        net: nn.Module,
        transform: ImageInput | FrameInput | GivenInput,
        *,
        class_names: Sequence[str],
        timesteps: Timesteps,
        epoch: int | None = None,
        unfinished: str | None = None,
        read_recording: Reader | None = None,
    ) -> None:
        super().__init__()
        self.net = net
        self.transform = transform
        self.class_names = tuple(class_names)
        self.timesteps = timesteps
        self.epoch = epoch
        self.unfinished = unfinished
        self._read_recording = read_recording

    @property
    def num_classes(self) -> int:
        """Classes K."""
        return len(self.class_names)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next((p.device for p in self.net.parameters()), torch.device("cpu"))

    @property
    def make_neuron(self) -> Callable[[], nn.Module] | None:
        """How the network builds its neurons, for exits on it; None = it does not say."""
        return getattr(self.net, "make_neuron", None)

    @property
    def make_norm(self) -> Callable[[int], nn.Module] | None:
        """How it builds its norms, from their channels."""
        return getattr(self.net, "make_norm", None)

    def resolve_tap(self, tap: Tap | None) -> Tap:
        """See `SpikingNet`."""
        return cast(SpikingNet, self.net).resolve_tap(tap)

    def tap_shape(self, tap: Tap) -> tuple[int, ...]:
        """See `SpikingNet`."""
        return cast(SpikingNet, self.net).tap_shape(tap)

    def forward(self, x: Tensor, taps: Iterable[Tap] = ()) -> NetOutput:
        """The plain network on normalised input x [T, N, C, H, W]."""
        return self.net(x, taps) if taps else self.net(x)

    def predict(self, samples: Any, timesteps: int | None = None) -> Prediction:
        """Classes of raw images, or of frames or recordings of events, at T = 1..timesteps.

        Args:
            samples: what `transform` takes; paths of recordings for a network on events; of a
                Dataset of the user's own, a list of its samples x or a batch of them.
            timesteps: the longest T; None = the teacher's, the most that it was trained with.
        Raises: UsageError: samples that `transform` refuses, timesteps not in 1 to 1000, or more
            than the frames have or the network can run. DataError: an unreadable file, logits that
            are not finite.
        """
        steps = self.timesteps.teacher if timesteps is None else timesteps
        steps = whole("timesteps", steps, 1, LONGEST)
        check_length(steps, self.net)
        found = [self._decide(x, steps) for x in self._batches(samples, steps)]
        classes, confidences = (torch.cat(parts, dim=1) for parts in zip(*found, strict=True))
        return Prediction(classes, confidences, self.class_names)

    def extra_repr(self) -> str:
        """What a notebook shows."""
        state = f", unfinished: {self.unfinished}" if self.unfinished else ""
        return f"classes={len(self.class_names)}, timesteps={self.timesteps}{state}"

    def _batches(self, samples: Any, steps: int) -> Iterator[Tensor]:
        """The network's input [T, N, C, H, W], a batch at a time."""
        size = max(1, FRAMES // steps)
        if isinstance(self.transform, ImageInput):
            if not isinstance(samples, Sequence) or isinstance(samples, str):
                single = isinstance(samples, str | Path) or not hasattr(samples, "shape")
                samples = [samples] if single else as_tensor(samples)
            for start in range(0, max(1, len(samples)), size):
                yield repeat_in_time(self.transform(samples[start : start + size]), steps)
            return
        if isinstance(self.transform, GivenInput):
            yield from self._given(self.transform, samples, steps, size)
            return
        if isinstance(samples, str | Path):
            samples = [samples]
        if isinstance(samples, Sequence) and samples and isinstance(samples[0], str | Path):
            for start in range(0, len(samples), size):
                yield self._recordings([Path(f) for f in samples[start : start + size]], steps)
            return
        yield from _cut(self.transform(samples), steps).split(size, dim=1)

    def _given(
        self, transform: GivenInput, samples: Any, steps: int, size: int
    ) -> Iterator[Tensor]:
        several = hasattr(samples, "__getitem__") and not isinstance(samples, str)
        if not several or not len(samples):
            samples = transform(samples)  # which says what is wrong
        for start in range(0, len(samples), size):
            x = transform(samples[start : start + size])
            yield _cut(x, steps) if transform.in_time else repeat_in_time(x, steps)

    def _recordings(self, files: Sequence[Path], steps: int) -> Tensor:
        if self._read_recording is None:
            raise UsageError("samples: got paths, but the network has no reader of recordings")
        read = self._read_recording(steps)
        frames = [read(file)[:steps] for file in files]
        return self.transform(torch.stack(frames, dim=1))

    def _decide(self, x: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        x = x.to(self.device)
        kind = dtype_of(self.net) or x.dtype
        with torch.no_grad(), eval_mode(self.net):
            # Images that are repeated in time stay a view.
            x = x if x.dtype == kind else fold(lambda values: values.to(kind), x)
            logits = self(x).logits.cpu()
        if not bool(logits.isfinite().all()):
            raise DataError(
                "logits: got NaN or infinity, expected finite numbers; the weights are damaged "
                "or the training diverged, so take an earlier checkpoint"
            )
        best = running_mean(logits.double()).softmax(-1).max(-1)
        return best.indices, best.values


def _cut(x: Tensor, steps: int) -> Tensor:
    """The first timesteps of frames [T, N, C, H, W]. Raises: UsageError: there are fewer."""
    if len(x) < steps:
        raise UsageError(
            f"timesteps: got {steps}, but the frames have {len(x)}; give at most {len(x)}, or "
            "cut the recordings into more"
        )
    return x[:steps]
