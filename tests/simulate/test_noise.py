"""Background events and the refractory period."""

import numpy as np
import pytest

from tssd.simulate.noise import background, outlast


def test_the_number_of_noise_events_is_poisson():
    pixels, rate = 1000, 2.0
    t, pixel, p = background(rate, 5e6, pixels, generator=np.random.default_rng(0))
    expected = rate * 5 * pixels
    assert abs(len(t) - expected) < 4 * expected**0.5
    assert abs(p.sum() - len(t) / 2) < 2 * expected**0.5
    assert t.min() >= 0 and t.max() < 5e6 and t.mean() == pytest.approx(2.5e6, rel=0.03)
    counts = np.bincount(pixel, minlength=pixels)
    assert counts.var() == pytest.approx(counts.mean(), rel=0.2)


def test_an_event_in_the_silence_is_lost_and_does_not_prolong_it():
    t = np.array([0.0, 60, 99, 100, 150, 250])
    keep = outlast(t, np.zeros(6, dtype=np.int64), refractory=100)
    assert keep.tolist() == [True, False, False, True, False, True]


def test_every_pixel_has_its_own_silence():
    t = np.array([0.0, 1, 2, 3, 104])
    keep = outlast(t, np.array([0, 1, 0, 2, 1]), refractory=100)
    assert keep.tolist() == [True, True, False, True, True]


def test_many_pixels_agree_with_the_plain_rule():
    generator = np.random.default_rng(1)
    t = np.sort(generator.uniform(0, 1000, 500))
    pixel = generator.integers(0, 7, 500)
    keep, last = [], {}
    for moment, where in zip(t, pixel, strict=True):
        keep.append(moment - last.get(where, -np.inf) >= 20)
        if keep[-1]:
            last[where] = moment
    assert outlast(t, pixel, refractory=20).tolist() == keep


def test_without_refractory_period_or_events_nothing_is_lost():
    t = np.array([1.0, 1.0])
    assert outlast(t, np.array([0, 0]), refractory=0).all()
    assert len(outlast(t[:0], np.array([], dtype=np.int64), refractory=5)) == 0
