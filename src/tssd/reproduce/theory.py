"""Section 3.5: the empirical risk varies more from sample to sample than the Bayes-distilled one.

With the class probabilities p(x) known, both risks estimate the same expectation:

    empirical = 1/N sum_n l(y_n, f(x_n))      distilled = 1/N sum_n sum_k p_k(x_n) l(k, f(x_n))

and N Var(empirical) - N Var(distilled) = E_x Var_{y|x} l(y, f(x)) >= 0, the law of total variance.
With a teacher's probabilities in their place the distilled risk is biased, whatever N is;
`break_even` says for how few samples it is the better estimate all the same.
Source: TSSD, arXiv 2406.07862, eq. 13 to 15, after Menon et al. 2021, arXiv 2005.10419.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Four classes around the origin; the nearer, the less certain is the class of a sample.
RADIUS, CLASSES = 1.5, 4
# The predictor's logits are the right ones times this: it is too unsure, as students are.
SHARPNESS = 0.7
SIZES = (10, 30, 100, 300, 1000)
REPEATS = 1000
NODES = 40


class Variances(NamedTuple):
    """Of one sample's contribution to each risk; over N samples divide by N.

    `mean` is the true risk, `bias` what the distilled one has on top of it.
    """

    empirical: float
    distilled: float
    mean: float
    bias: float = 0.0

    @property
    def break_even(self) -> float:
        """See the function."""
        return break_even(self.empirical, self.distilled, self.bias)


def break_even(empirical: float, distilled: float, bias: float) -> float:
    """The number of samples N below which the distilled risk is the better estimate.

    Its mean squared error is smaller where

        distilled / N + bias^2 < empirical / N,  N < (empirical - distilled) / bias^2

    Args:
        empirical: variance of one sample's contribution to the empirical risk.
        distilled: the same of the distilled one.
        bias: mean of the distilled risk minus that of the empirical one.
    Edge cases: infinity without a bias; 0 where the distilled risk does not vary less.
    """
    if not distilled < empirical:
        return 0.0
    return (empirical - distilled) / bias**2 if bias else math.inf


def variances(
    weight: Array, posterior: Array, losses: Array, teacher: Array | None = None
) -> Variances:
    """Exact variances where x takes finitely many values.

    Args:
        weight: probability of each x, [M].
        posterior: class probabilities there, [M, K].
        losses: of predicting f(x) where the class is k, [M, K].
        teacher: probabilities that stand in for them in the distilled risk, [M, K]; None = none do.
    """
    joint = weight[:, None] * posterior
    mean = float((joint * losses).sum())
    expected = ((posterior if teacher is None else teacher) * losses).sum(1)
    distilled = mean if teacher is None else float((weight * expected).sum())
    return Variances(
        empirical=float((joint * (losses - mean) ** 2).sum()),
        distilled=float((weight * (expected - distilled) ** 2).sum()),
        mean=mean,
        bias=distilled - mean,
    )


@dataclass(frozen=True)
class Mixture:
    """Equally likely Gaussians of unit variance in the plane, and a predictor of their class.

    Args:
        radius: distance of their centres from the origin, in standard deviations.
        classes: K centres, evenly on a circle.
        sharpness: factor on the logits of the predictor; 1 = the Bayes classifier.
    """

    radius: float = RADIUS
    classes: int = CLASSES
    sharpness: float = SHARPNESS

    @property
    def centres(self) -> Array:
        """The centres, [K, 2]."""
        angles = 2 * np.pi * np.arange(self.classes) / self.classes
        return self.radius * np.stack([np.cos(angles), np.sin(angles)], 1)

    def posterior(self, x: Array, sharpness: float = 1.0) -> Array:
        """Class probabilities of points [M, 2]: softmax of x . centre, since all norms agree.

        Args:
            x: the points.
            sharpness: factor on the logits; 1 = the right probabilities, others are a teacher's.
        """
        return np.exp(log_softmax(sharpness * x @ self.centres.T))

    def losses(self, x: Array) -> Array:
        """Cross entropy of the predictor for each class, nats, [M, K]."""
        return -log_softmax(self.sharpness * x @ self.centres.T)

    def exact(self, nodes: int = NODES, *, teacher: float = 1.0) -> Variances:
        """Variances by Gauss-Hermite quadrature around every centre.

        Args:
            nodes: of the quadrature, a dimension.
            teacher: sharpness of the probabilities that the distilled risk is made with.
        """
        node, weight = np.polynomial.hermite.hermgauss(nodes)
        grid = np.stack(np.meshgrid(node, node), -1).reshape(-1, 2) * np.sqrt(2)
        weights = np.outer(weight, weight).ravel() / np.pi / self.classes
        x = (self.centres[:, None] + grid).reshape(-1, 2)
        stand_in = None if teacher == 1 else self.posterior(x, teacher)
        weight = np.tile(weights, self.classes)
        return variances(weight, self.posterior(x), self.losses(x), stand_in)

    def draw(
        self, size: int, repeats: int, seed: int, *, teacher: float = 1.0
    ) -> tuple[Array, Array]:
        """Empirical and distilled risk of `repeats` samples of `size` points each, [repeats]."""
        random = np.random.default_rng(seed)
        y = random.integers(self.classes, size=size * repeats)
        x = self.centres[y] + random.standard_normal((size * repeats, 2))
        losses = self.losses(x)
        empirical = losses[np.arange(len(y)), y]
        distilled = (self.posterior(x, teacher) * losses).sum(1)
        shape = (repeats, size)
        return empirical.reshape(shape).mean(1), distilled.reshape(shape).mean(1)


class Measured(NamedTuple):
    """Variance of both risks over many samples of one size, beside the exact one."""

    setting: str
    size: int
    empirical: float
    distilled: float
    exact_empirical: float
    exact_distilled: float

    @property
    def ratio(self) -> float:
        """Distilled over empirical variance."""
        return self.distilled / self.empirical


def measure_mixture(
    mixture: Mixture | None = None,
    sizes: Sequence[int] = SIZES,
    *,
    repeats: int = REPEATS,
    seed: int = 0,
) -> list[Measured]:
    """Draw samples of each size and compare; takes a second."""
    mixture = mixture or Mixture()
    exact = mixture.exact()
    name = f"{mixture.classes} Gaussians at radius {mixture.radius:g}"
    found: list[Measured] = []
    for number, size in enumerate(sizes):
        empirical, distilled = mixture.draw(size, repeats, seed + number)
        found.append(
            Measured(
                name,
                size,
                float(empirical.var(ddof=1)),
                float(distilled.var(ddof=1)),
                exact.empirical / size,
                exact.distilled / size,
            )
        )
    return found


def log_softmax(logits: Array) -> Array:
    """Along the last axis."""
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
