"""TKS: the timesteps that are right teach all of them, the more so the longer training lasts."""

from typing import Literal, Self

from torch import Tensor

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet
from tssd.objectives.base import Timesteps
from tssd.objectives.between_timesteps import check_several
from tssd.objectives.distance import TemperatureKL
from tssd.objectives.hard_labels import classes_of
from tssd.objectives.task import Spans, TaskCrossEntropy


class TemporalKnowledgeSharing(TaskCrossEntropy):
    """c CE(mean over time of z, y) + (1 - c) k^2/T_t sum_t CE(q, softmax(z_t)), a task loss.

    q = softmax(sum over the timesteps t that are right about a sample of z_t / k): a sum and no
    mean, so that it is the sharper the more of them are right, and uniform if none is. z_t itself
    is not divided by k. c falls from 1 linearly to 1 - sharing over the training.

    Args:
        span: of the mean that is labelled: the student's T_s steps, the teacher's T_t, or the
            average of both. All T_t timesteps share what they know.
        temperature: k > 0, dimensionless.
        sharing: 1 - c at the end, 0 to 1.
        detach_teacher: whether q passes no gradient. In the authors' code it passes one.
        label_smoothing: probability mass spread over all classes, 0 to less than 1.
        class_weights: one number a class, in the order of the labels; balanced = the rarer a class
            among the training samples, the more each of its samples counts; null = all alike.
        weight: factor of the term.
    Shapes: logits [T_t, N, K], target [N] or shares of classes [N, K], of which the largest is the
        one to be right about -> [].
    Raises: UsageError: sharing or temperature out of range; when connected: T_t = 1.
    Source: Dong et al. 2023, Temporal Knowledge Sharing, arXiv 2304.06540, as in its public code.
    """

    compares_timesteps = True

    def __init__(
        self,
        span: Spans = "both",
        *,
        temperature: float = 3.0,
        sharing: float = 0.7,
        detach_teacher: bool = False,
        label_smoothing: float = 0.0,
        class_weights: Literal["balanced"] | list[float] | None = None,
        weight: float = 1.0,
    ) -> None:
        super().__init__(
            span, label_smoothing=label_smoothing, class_weights=class_weights, weight=weight
        )
        if not 0 <= sharing <= 1:
            raise UsageError(f"sharing: got {sharing}, expected a share from 0 to 1")
        self.temperature = TemperatureKL(temperature).temperature  # which checks it
        self.sharing = sharing
        self.detach_teacher = detach_teacher
        # Until told otherwise it is what it ends up as.
        self.current_sharing = sharing

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Refuse a single timestep, which has nobody to learn from."""
        check_several(self, timesteps)
        return super().connect(net, timesteps)

    def set_progress(self, epoch: float, epochs: int) -> dict[str, float] | None:
        """Share more from epoch to epoch."""
        self.current_sharing = self.sharing * min(1.0, epoch / epochs)
        return super().set_progress(epoch, epochs)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        labelled = self._cross_entropy(out.logits, target)
        shared = self._shared(out.logits[: self.timesteps.teacher], target)
        return (1 - self.current_sharing) * labelled + self.current_sharing * shared

    def _shared(self, z: Tensor, target: Tensor) -> Tensor:
        right = (z.argmax(-1) == classes_of(target)).to(z.dtype)  # [T, N]
        q = ((right.unsqueeze(-1) * z).sum(0) / self.temperature).softmax(-1)
        if self.detach_teacher:
            q = q.detach()
        return -(self.temperature**2) * (q * z.log_softmax(-1)).sum(-1).mean()
