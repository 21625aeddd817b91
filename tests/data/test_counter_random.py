import numpy as np

from tssd.data.counter_random import below, random_bits


def splitmix64(z):
    mask = (1 << 64) - 1
    z = (z + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def test_random_bits_is_the_published_generator_when_there_is_no_counter():
    # First output of SplitMix64 seeded with 1234567, as its reference implementation prints it.
    assert int(random_bits(1234567)) == 6457827717110365317 == splitmix64(1234567)


def test_random_bits_depends_on_every_counter_and_broadcasts():
    bits = random_bits(0, np.arange(3)[:, None], np.arange(4))
    assert bits.shape == (3, 4)
    assert len(set(bits.ravel().tolist())) == 12
    assert bits[2, 3] == random_bits(0, 2, 3)
    assert random_bits(-1, 0) != random_bits(1, 0)


def test_below_is_uniform_over_its_range():
    draws = below(random_bits(5, np.arange(90_000)), 9, shift=16)
    counts = np.bincount(draws, minlength=9)
    assert len(counts) == 9
    assert abs(counts - 10_000).max() < 500  # five standard deviations
