from types import SimpleNamespace

import pytest

from tssd.training.clock import TrainingClock


@pytest.fixture
def time():
    """A clock that is set by hand."""
    return SimpleNamespace(now=100.0)


@pytest.fixture
def clock(time):
    return TrainingClock(lambda: time.now)


def trainer(epoch=0):
    return SimpleNamespace(current_epoch=epoch)


def test_it_stands_still_during_validation_and_after_training(clock, time):
    assert clock.seconds == 0
    clock.on_train_start(trainer(), None)
    time.now += 7
    assert clock.seconds == 7
    clock.on_validation_start(trainer(), None)
    time.now += 50
    assert clock.seconds == 7
    clock.on_validation_end(trainer(), None)
    time.now += 3
    assert clock.seconds == 10
    clock.on_train_end(trainer(), None)
    time.now += 50
    assert clock.seconds == 10


def test_it_goes_on_in_another_session(clock, time):
    clock.load_state_dict({"seconds": 20.0})
    clock.on_train_start(trainer(epoch=3), None)
    time.now += 7
    assert clock.seconds == 27
    assert clock.state_dict() == {"seconds": 27}


def test_what_an_earlier_session_has_not_recorded_stays_unknown(clock, time):
    clock.on_train_start(trainer(epoch=3), None)
    time.now += 7
    clock.on_validation_start(trainer(epoch=3), None)
    clock.on_validation_end(trainer(epoch=3), None)
    time.now += 7
    assert clock.seconds is None
    later = TrainingClock(lambda: time.now)
    later.load_state_dict(clock.state_dict())
    later.on_train_start(trainer(epoch=4), None)
    assert later.seconds is None
