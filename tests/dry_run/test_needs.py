import json
import os
import signal
from types import SimpleNamespace

import pytest

from tssd.config import load_recipe
from tssd.dry_run import needs as module
from tssd.dry_run.needs import Needs, needs_apart, needs_of
from tssd.dry_run.shapes import DataShape, data_shape
from tssd.errors import UsageError
from tssd.training.needs.measured import Measured, measure

SMALL = [("net.width", "0.02"), ("data.batch_size", "4"), ("trainer.threads", "1")]


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """No data, and an empty folder in which nothing may appear."""
    monkeypatch.delenv("TSSD_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.iterdir())


def test_of_data_that_is_here():
    found = needs_of(load_recipe("digits/tssd", SMALL))
    assert found.timesteps == (1, 4, 4)
    assert found.terms == ("task", "temporal", "spatial", "exit_task")
    assert found.parameters > found.exit_parameters > 0
    assert found.measured.steps >= 1
    steps, validations = 200 / 4, -(-145 // 4)
    expected = steps * found.measured.step + validations * found.measured.validation
    assert found.estimate.epoch == pytest.approx(expected)
    assert found.estimate.epochs == 40
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["estimate"]["seconds"] == found.estimate.seconds
    assert plain["measured"]["step"] == found.measured.step


def test_a_validation_is_timed_however_seldom_it_comes():
    every = ("trainer.check_val_every_n_epoch", "20")
    found = needs_of(load_recipe("digits/tssd", [*SMALL, every]))
    steps, validations = 200 / 4, -(-145 // 4)
    assert found.measured.validation > 0
    expected = steps * found.measured.step + validations * found.measured.validation / 20
    assert found.estimate.epoch == pytest.approx(expected)


def test_a_step_trains_what_is_not_frozen(monkeypatch):
    trained = []
    monkeypatch.setattr(
        module,
        "measure",
        lambda parts: trained.extend(parts.net.named_parameters()) or measure(parts),
    )
    needs_of(load_recipe("digits/tssd", [*SMALL, ("freeze", "stages.*")]))
    assert {name for name, p in trained if p.requires_grad} == {"head.2.weight", "head.2.bias"}
    with pytest.raises(UsageError, match="freeze: got 'satges', but nothing in the network"):
        needs_of(load_recipe("digits/tssd", [*SMALL, ("freeze", "satges")]))


def test_of_events_that_are_not_here_with_a_net_of_one_s_own():
    net = [("net", "tests.training.nets.two_stages"), ("data.batch_size", "2")]
    found = needs_of(load_recipe("dvsgesture/small/tssd", net))
    assert "no data root given" in found.data.absent
    assert found.data.sizes == {"train": 1117, "val": 59, "test": 288}
    assert found.measured.step > 0
    assert found.estimate.seconds > 0


def test_of_samples_whose_number_nobody_knows():
    found = needs_of(load_recipe("cifar10_jpeg/scarce/vanilla_ts", SMALL))
    assert found.estimate is None
    assert found.exit_parameters == 0
    assert found.to_dict()["estimate"] is None


def test_what_cannot_fit_is_refused_before_it_is_tried(monkeypatch):
    from tssd.training.needs import least_memory

    monkeypatch.setattr(least_memory, "free_memory", lambda device: 1000)
    with pytest.raises(UsageError, match="memory: a step of 4 samples .* takes at least"):
        needs_of(load_recipe("digits/tssd", SMALL))


def test_in_a_process_of_its_own_memory_is_its_own():
    config = load_recipe("digits/tssd", SMALL)
    shape = data_shape(config)
    less = needs_apart(config, shape)
    more = needs_apart(config, SimpleNamespace(**vars(shape) | MANY))
    # 2,500 images of 16 x 16 numbers are 2.5 MB, and the network keeps several times that.
    assert more.measured.memory > less.measured.memory + 10e6


MANY = {"batch_size": 2500, "sizes": {"train": 2500, "val": 0, "test": 1}}


def _killed(config, shape):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_ended_is_said_to_be(monkeypatch):
    monkeypatch.setattr(module, "_quietly", _killed)
    with pytest.raises(MemoryError, match="probably for its memory"):
        needs_apart({}, None)


def test_the_estimate_knows_of_several_devices_that_one_evaluates():
    shape = DataShape(1, 8, 10, False, {"train": 100, "val": 0, "test": 40}, batch_size=20)
    measured = Measured(step=1.0, steps=5, validation=0.0, evaluation=1.0, memory=0, device="cpu")
    options = {"timesteps": (1, 2, 4), "terms": ("task",), "epochs": 1, "measured": measured}
    found = Needs(shape, 1, 0, devices=2, **options).estimate
    assert found is not None
    # Five steps of both, four batches of ten samples of one.
    assert (found.epoch, found.evaluation) == (5.0, 4.0)
