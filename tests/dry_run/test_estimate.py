import pytest

from tssd.dry_run.estimate import Estimate, duration, in_gib
from tssd.training.needs.measured import Measured

ONE = Measured(step=2.0, steps=5, validation=1.5, evaluation=3.0, memory=0, device="cpu")


def test_a_run_s_time_by_hand():
    # 10 steps and 2 batches of validation an epoch; 2 of test for the last epoch and the best.
    found = Estimate.of(ONE, {"train": 95, "val": 11, "test": 20}, 10, epochs=5)
    assert found == Estimate(epochs=5, epoch=10 * 2.0 + 2 * 1.5, evaluation=2 * 2 * 3.0)
    assert found.seconds == 5 * 23.0 + 12.0
    # Of 5 epochs the second and the fourth are validated.
    sizes = {"train": 95, "val": 11, "test": 20}
    found = Estimate.of(ONE, sizes, 10, epochs=5, validated_every=2)
    assert found.seconds == pytest.approx(5 * 20.0 + 2 * 3.0 + 12.0)
    # Without validation samples the last epoch is the only one that is evaluated.
    found = Estimate.of(ONE, {"train": 95, "val": 0, "test": 20}, 10, epochs=5)
    assert found == Estimate(epochs=5, epoch=20.0, evaluation=2 * 3.0)


def test_one_of_several_devices_evaluates_all_test_samples():
    # Of a batch of 10 each of 2 devices takes 5 in a step and in validation: what was measured.
    sizes = {"train": 95, "val": 11, "test": 20}
    found = Estimate.of(ONE, sizes, 10, epochs=5, devices=2)
    assert found == Estimate(epochs=5, epoch=10 * 2.0 + 2 * 1.5, evaluation=2 * 4 * 3.0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0123, "0.012 s"),
        (0.999, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (3629, "1 h"),
        (3 * 3600 + 10 * 60 + 29, "3 h 10 min"),
        (86_399, "1 d"),
        (200_000, "2 d 8 h"),
        (float("nan"), "unknown"),
        (None, "unknown"),
    ],
)
def test_times_for_people(seconds, words):
    assert duration(seconds) == words


def test_memory_for_people():
    assert in_gib(1 << 30) == "1.00 GiB"
