import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tssd.reproduce.theory import (
    Mixture,
    break_even,
    log_softmax,
    measure_mixture,
    variances,
)


def test_variances_by_hand():
    """One x, two classes of 1/4 and 3/4, losses 0 and 4: mean 3, variance (9 + 3 * 1) / 4 = 3."""
    found = variances(np.array([1.0]), np.array([[0.25, 0.75]]), np.array([[0.0, 4.0]]))
    assert found == (pytest.approx(3), pytest.approx(0), pytest.approx(3), 0)
    # Two x, certain labels: the distilled risk is the empirical one.
    sure = variances(np.array([0.5, 0.5]), np.eye(2), np.array([[1.0, 9.0], [9.0, 3.0]]))
    assert sure == (pytest.approx(1), pytest.approx(1), pytest.approx(2), 0)
    # A teacher that knows nothing of the first example: mean 2, so that the bias is -1.
    teacher = np.array([[0.5, 0.5]])
    found = variances(np.array([1.0]), np.array([[0.25, 0.75]]), np.array([[0.0, 4.0]]), teacher)
    assert (found.bias, found.break_even) == (pytest.approx(-1), pytest.approx(3))


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 6), st.integers(2, 5), st.integers(0, 10**6), st.floats(0.01, 30))
def test_the_distilled_variance_is_never_larger(points, classes, seed, sharp):
    """For any distribution and any losses, and the gap is the mean variance given x."""
    draw = np.random.default_rng(seed)
    weight = draw.dirichlet(np.ones(points))
    posterior = np.exp(log_softmax(sharp * draw.standard_normal((points, classes))))
    losses = draw.exponential(5, (points, classes))
    found = variances(weight, posterior, losses)
    given_x = (posterior * losses**2).sum(1) - (posterior * losses).sum(1) ** 2
    scale = 1 + found.empirical
    assert found.distilled <= found.empirical + 1e-9 * scale
    assert found.empirical - found.distilled == pytest.approx(
        float(weight @ given_x), abs=1e-9 * scale
    )


def test_quadrature_agrees_with_itself_and_with_a_known_integral():
    few, many = Mixture().exact(30), Mixture().exact(60)
    assert few == pytest.approx(many, rel=1e-6)
    # A predictor that knows nothing loses log K whatever the class: both variances are 0.
    nothing = Mixture(sharpness=0.0).exact()
    assert nothing == (pytest.approx(0), pytest.approx(0), pytest.approx(np.log(4)), 0)


def test_the_posterior_is_bayes():
    mixture = Mixture(2.0, classes=3)
    x = np.array([[0.3, -0.7], [0.0, 0.0]])
    density = np.exp(-((x[:, None] - mixture.centres) ** 2).sum(-1) / 2)
    expected = density / density.sum(1, keepdims=True)
    np.testing.assert_allclose(mixture.posterior(x), expected)


def test_measured_variances_are_the_exact_ones_within_their_error():
    repeats = 2000
    for row in measure_mixture(sizes=(20, 80), repeats=repeats, seed=3):
        # Of a variance over R samples of a nearly normal mean: sqrt(2 / (R - 1)) of it.
        error = 5 * (2 / (repeats - 1)) ** 0.5
        assert row.empirical == pytest.approx(row.exact_empirical, rel=error)
        assert row.distilled == pytest.approx(row.exact_distilled, rel=error)
        assert row.ratio < 0.5
    assert row.exact_empirical == pytest.approx(Mixture().exact().empirical / 80)


def test_both_risks_estimate_the_same():
    empirical, distilled = Mixture().draw(200, 500, seed=1)
    mean = Mixture().exact().mean
    for risk in (empirical, distilled):
        assert abs(risk.mean() - mean) < 5 * risk.std() / 500**0.5


def test_the_number_of_samples_where_both_risks_are_as_good_by_hand():
    # 2 / N = 0.5 / N + 0.1^2 at N = 150.
    assert break_even(2.0, 0.5, 0.1) == break_even(2.0, 0.5, -0.1) == pytest.approx(150)
    assert break_even(2.0, 0.5, 0.0) == math.inf
    assert break_even(1.0, 1.0, 0.0) == break_even(1.0, 2.0, 0.1) == 0


@pytest.mark.parametrize("teacher", [0.7, 1.5])
def test_below_that_number_the_distilled_risk_is_better_and_above_it_is_not(teacher):
    """Mean squared errors of 4,000 simulated samples of each size."""
    mixture, repeats = Mixture(), 4000
    exact = mixture.exact(teacher=teacher)
    assert exact[0] == mixture.exact().empirical
    for share, better in ((0.4, True), (2.5, False)):
        size = round(share * exact.break_even)
        risks = mixture.draw(size, repeats, seed=7, teacher=teacher)
        empirical, distilled = (float(((risk - exact.mean) ** 2).mean()) for risk in risks)
        assert (distilled < empirical) is better
        # Of a mean of squares over R samples: sqrt(2 / R) of it.
        error = 5 * (2 / repeats) ** 0.5
        assert empirical == pytest.approx(exact.empirical / size, rel=error)
        assert distilled == pytest.approx(exact.distilled / size + exact.bias**2, rel=error)
