"""Distances between two logits, a mean over all samples: the paper says "L2 distance", openly."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from tssd.errors import UsageError


class Distance:
    """How far a student's logits are from a teacher's. Stateless."""

    def __call__(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Mean distance. Shapes: [..., K] and [..., K], broadcast -> [].

        Raises: UsageError: another number of classes.
        """
        raise NotImplementedError


def checked_distance(distance: Distance | None, otherwise: Distance) -> Distance:
    """A distance as it is given, another one in the place of None.

    Raises: UsageError: a class, or what is none.
    """
    if distance is None:
        return otherwise
    if isinstance(distance, type) or not callable(distance):
        raise UsageError(
            f"distance: got {distance!r:.80}, expected an object of a class such as "
            "tssd.objectives.TemperatureKL(), or of your own that derives from Distance"
        )
    return distance


def check_same_classes(student: Tensor, teacher: Tensor) -> None:
    """Raises: UsageError: another number of classes in the last axis."""
    # One class would be spread over all of the other's.
    if student.shape[-1] != teacher.shape[-1]:
        raise UsageError(
            f"teacher: knows {teacher.shape[-1]} classes, but the network has "
            f"{student.shape[-1]}; take a teacher that was trained on the same classes"
        )


@dataclass(frozen=True)
class EuclideanNorm(Distance):
    """sqrt(sum_k d_k^2): the formula as printed; its gradient does not fade with the difference."""

    def __call__(self, student: Tensor, teacher: Tensor) -> Tensor:
        """See `Distance`."""
        check_same_classes(student, teacher)
        return torch.linalg.vector_norm(student - teacher, dim=-1).mean()


@dataclass(frozen=True)
class SquaredNorm(Distance):
    """sum_k d_k^2: grows with the number of classes."""

    def __call__(self, student: Tensor, teacher: Tensor) -> Tensor:
        """See `Distance`."""
        check_same_classes(student, teacher)
        return (student - teacher).square().sum(-1).mean()


@dataclass(frozen=True)
class MeanSquare(Distance):
    """(1/K) sum_k d_k^2: the mean squared error over the classes."""

    def __call__(self, student: Tensor, teacher: Tensor) -> Tensor:
        """See `Distance`."""
        check_same_classes(student, teacher)
        return (student - teacher).square().mean()


@dataclass(frozen=True)
class TemperatureKL(Distance):
    """k^2 KL(softmax(teacher / k) || softmax(student / k)).

    Args:
        temperature: k > 0, dimensionless.
    Raises: UsageError: temperature <= 0.
    Source: Hinton et al. 2015, arXiv 1503.02531, section 2.
    """

    temperature: float = 4.0

    def __post_init__(self) -> None:
        if not (self.temperature > 0 and math.isfinite(self.temperature)):
            raise UsageError(f"temperature: got {self.temperature}, expected a finite number > 0")

    def __call__(self, student: Tensor, teacher: Tensor) -> Tensor:
        """See `Distance`."""
        check_same_classes(student, teacher)
        return self.temperature**2 * self._divergence(student, teacher).mean()

    def each(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Of every sample. Shapes: [..., K] and [..., K], broadcast -> [...]."""
        return self.temperature**2 * self._divergence(student, teacher)

    def _divergence(self, student: Tensor, teacher: Tensor) -> Tensor:
        log_p = F.log_softmax(teacher / self.temperature, dim=-1)
        log_q = F.log_softmax(student / self.temperature, dim=-1)
        return (log_p.exp() * (log_p - log_q)).sum(-1)
