"""Temporal efficient training: the labels at every timestep, not of the mean over time."""

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor

from tssd.errors import UsageError
from tssd.models.base import NetOutput
from tssd.objectives.base import Labelled
from tssd.objectives.task import Spans, TaskCrossEntropy, ends


class TemporalEfficientTraining(TaskCrossEntropy):
    """1/T sum_{t<=T} ((1 - s) CE(O_t, y) + s MSE(O_t, level)), a task loss.

    Every logit is drawn a little to the same level, whatever the label, so that none runs away; or
    to 1 for the label's class and 0 for others, the level called labels.
    Inference is the mean over time, as ever.

    Args:
        mse_share: share s of the mean squared error, 0 to 1; 0 = cross entropies alone.
        level: that the squared errors draw all logits to; labels = the shares of classes.
        span: T = the student's T_s, the teacher's T_t, or the average of the losses of both.
        label_smoothing: probability mass spread over all classes, 0 to less than 1.
        class_weights: one number a class, in the order of the labels; balanced = the rarer a class
            among the training samples, the more each of its samples counts; null = all alike.
        weight: factor of the term.
    Shapes: logits [T, N, K], target [N] or shares of classes [N, K] -> [].
    Raises: UsageError: mse_share outside of 0 to 1, or a level that is neither finite nor labels.
    Source: Deng et al. 2022, arXiv 2202.11946, eq. 9-11 in the form of its public code, where the
        level is the threshold, 1. Share 0.05 for images; the code's for events is 0.001. Labels as
        the level: TRT, arXiv 2506.19256.
    """

    labelled: ClassVar[Labelled | None] = "every timestep"

    def __init__(
        self,
        mse_share: float = 0.05,
        *,
        level: float | Literal["labels"] = 1.0,
        span: Spans = "teacher",
        label_smoothing: float = 0.0,
        class_weights: Literal["balanced"] | list[float] | None = None,
        weight: float = 1.0,
    ) -> None:
        super().__init__(
            span, label_smoothing=label_smoothing, class_weights=class_weights, weight=weight
        )
        if not 0 <= mse_share <= 1:
            raise UsageError(f"mse_share: got {mse_share}, expected a share from 0 to 1")
        if level != "labels" and not (isinstance(level, int | float) and math.isfinite(level)):
            raise UsageError(f"level: got {level}, expected a finite logit, such as 1, or labels")
        self.mse_share = mse_share
        self.level: float | Literal["labels"] = level

    @property
    def each_timestep(self) -> bool:
        """Whether it is a mean over all timesteps, of what it is for each of them alone."""
        return ends(self.span, self.timesteps) == (self.timesteps.teacher,)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        if target.is_floating_point():  # which has to be of the logits' type
            target = target.to(out.logits.dtype)
        terms = [self._of_steps(out.logits[:t], target) for t in ends(self.span, self.timesteps)]
        return torch.stack(terms).mean()

    def _of_steps(self, logits: Tensor, target: Tensor) -> Tensor:
        steps = len(logits)
        # All timesteps as one batch: the mean over both is the mean over time of the means.
        labelled = self._of_scores(
            logits.flatten(0, 1), target.repeat(steps, *[1] * (target.dim() - 1))
        )
        if not self.mse_share:
            return labelled
        spread = (logits - self._level_of(logits, target)).square().mean()
        return (1 - self.mse_share) * labelled + self.mse_share * spread

    def _level_of(self, logits: Tensor, target: Tensor) -> Tensor | float:
        """What logits [T, N, K] are drawn to."""
        if self.level != "labels":
            return self.level
        if target.is_floating_point():
            return target
        # Unlike one_hot this asks no accelerator what the largest class is.
        return torch.zeros_like(logits[0]).scatter(1, target.unsqueeze(1), 1.0)
