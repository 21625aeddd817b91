"""A trained run as a teacher."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from tssd.errors import DataError, UsageError
from tssd.image_size import as_option
from tssd.listed import and_dots
from tssd.objectives.frozen import Frozen
from tssd.objectives.per_timestep import check_length
from tssd.runs.results import Epoch
from tssd.trained import ImageInput, TrainedNet

log = logging.getLogger("tssd")

# Class names that a message lists.
SHOWN = 5


class Teacher(Frozen):
    """The network of a run folder, which is read when training begins, not before.

    Images are normalised as in the teacher's training, which may have seen others. Of a Dataset's
    nobody knows whether they are already: say it (`normalised`). The run need not be there once
    training is over; while it lasts, a teacher that has changed is refused.

    Args:
        run: path of the run folder; null = that of `recipe`.
        recipe: pieces of a recipe, such as ann or resnet34+ann, which stand over the student's own:
            `tssd train` and `tssd compare` train that first, beside the student's run, once for all
            students that share it. Counts where there is no `run`.
        epoch: whose weights: the best's or the last's; None = those that count in its results.
        timesteps: that the teacher runs for; None = as in its training, 1 for an ANN.
        trust: modules of your own that the run may import, see `tssd.load`.
        normalised: whether the student's samples are normalised as the teacher's were: true leaves
            them as they are, false normalises them anew, those of a Dataset as ones that are not
            normalised at all; null = as the data says, which a Dataset does not.
    Shapes: x [T, N, C, H, W] -> logits [T', N, K].
    Raises: UsageError: neither a run nor a recipe, an unknown epoch, or timesteps < 1.
    """

    def __init__(
        self,
        run: str | Path | None = None,
        *,
        recipe: str | None = None,
        epoch: Epoch | None = None,
        timesteps: int | None = None,
        trust: Sequence[str] = (),
        normalised: bool | None = None,
    ) -> None:
        super().__init__(None, timesteps=timesteps)
        if epoch not in (None, "best", "last"):
            raise UsageError(f"epoch: got {epoch!r}, expected 'best', 'last' or None")
        if run is None and not recipe:
            raise UsageError(
                "run: got none, expected the path of a run folder, or a recipe that is trained "
                "first, such as ann"
            )
        self.run = None if run is None else Path(run)
        self.recipe = recipe
        self.epoch: Epoch | None = epoch
        self.trust = (trust,) if isinstance(trust, str) else tuple(trust)
        self.normalised = normalised
        self._is_told = False
        # From the student's input to the teacher's, per channel; None = they are the same.
        self._rescale: tuple[Tensor, Tensor] | None = None

    def load(self) -> TrainedNet:
        """The network.

        Raises: DataError: the run is not there, or has no weights. UsageError: it can't run so
            long.
        """
        if self.run is None:
            raise DataError(
                f"recipe: {self.recipe} is not trained yet; `tssd train` and `tssd compare` train "
                "it first, elsewhere give the folder of a run (run)"
            )
        # Imported when it is needed: a loss is composed without it.
        from tssd.reopened.load import load

        try:
            # The student's random numbers are its own.
            with torch.random.fork_rng(devices=[]):
                net = load(self.run, epoch=self.epoch, trust=self.trust)
        except DataError as error:
            raise DataError(f"run: {error}{_remedy(self.run)}") from error
        steps = self.timesteps or net.timesteps.teacher
        check_length(steps, net)
        self.timesteps = steps
        return net

    def as_own(self, x: Tensor) -> Tensor:
        """The student's input x [T, N, ...], normalised as in the teacher's training."""
        if self.normalised is False and not self._is_told:  # in a loop of one's own nobody tells
            self.know_statistics(None, None)
        if self._rescale is None:
            return x
        scale, offset = (values.to(x.device, x.dtype) for values in self._rescale)
        if x.dim() and x.stride(0) == 0:  # a view of one image stays one
            return (x[0] * scale + offset).expand_as(x)
        return x * scale + offset

    def fit_to(
        self,
        *,
        class_names: Sequence[str],
        sample_shape: tuple[int, int, int],
        mean: Sequence[float] | None,
        std: Sequence[float] | None,
    ) -> None:
        """Compare with what data the student is trained on, and normalise its images anew.

        Raises: UsageError: the teacher knows other classes, or samples of another shape, or as
            `know_statistics`. DataError: as `load`.
        """
        net = cast(TrainedNet, self.module())
        known, names = net.class_names, tuple(class_names)
        if known != names:
            order = " in another order" if {*known} == {*names} else ""
            raise UsageError(
                f"run: {self.run} knows {len(known)} classes{order}, {and_dots(known, SHOWN)}, but "
                f"the data has {len(names)}, {and_dots(names, SHOWN)}; take a teacher of the same "
                "classes"
            )
        shape = net.transform.sample_shape
        if shape != tuple(sample_shape):
            raise UsageError(
                f"run: {self.run} was trained on samples of {_by(shape)} (channels, height, "
                f"width), but the data has {_by(sample_shape)}; take a teacher of the same size, "
                f"or --data.image_size {_option(shape)}"
            )
        self.know_statistics(mean, std)

    def know_statistics(self, mean: Sequence[float] | None, std: Sequence[float] | None) -> None:
        """Compare with how the teacher's samples were normalised, see `normalised`.

        Args:
            mean: of each channel; None = not known, of samples that are used as they are given.
            std: the same.
        Raises: UsageError: one is not known, the other is no identity, and nothing was said.
            DataError: as `load`.
        """
        transform = cast(TrainedNet, self.module()).transform
        channels = transform.sample_shape[0]
        plain = (0.0,) * channels, (1.0,) * channels
        own = (transform.mean, transform.std) if isinstance(transform, ImageInput) else None
        given = None if mean is None or std is None else (tuple(mean), tuple(std))
        self._is_told, self._rescale = True, None
        if self.normalised or (own or plain) == (given or plain):
            return
        if self.normalised is None and (own is None or given is None):
            both = f"the samples of {self.run}", "those that it is shown"
            known, unknown = both if given is None else both[::-1]
            m, s = own or given or plain
            raise UsageError(
                f"normalised: got None, but {known} are normalised, with mean {_short(m)} and std "
                f"{_short(s)}, and {unknown} are as a Dataset gives them; give tssd.Teacher "
                "normalised=True where both are normalised alike, False where the Dataset's are not"
            )
        log.info("teacher %s: images are normalised with its own mean and std", self.run)
        (m, s), (m_own, s_own) = (
            tuple(torch.tensor(values).view(-1, 1, 1) for values in either or plain)
            for either in (given, own)
        )
        self._rescale = s / s_own, (m - m_own) / s_own

    def extra_repr(self) -> str:
        """What a notebook shows."""
        return str(self.run or self.recipe)


def _remedy(run: Path) -> str:
    if run.is_dir():
        return ""
    here = "" if run.is_absolute() else f" (it was looked for from {Path.cwd()})"
    return (
        "; a teacher is needed until training is over: put it back, or take another and train "
        f"into another --output{here}"
    )


def _short(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _option(shape: Sequence[int]) -> str:
    size = as_option(*shape[1:])
    return str(size) if isinstance(size, int) else f"'{list(size)}'"


def _by(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
