"""Callbacks of a recipe in real runs: averaged weights, what is refused."""

import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping, Timer

from tssd.errors import UsageError
from tssd.runs.folder import RunFolder
from tssd.training.callbacks import SeedEachEpoch
from tssd.training.fit import fit
from tssd.training.starting import around, start_from

from .runs import is_same, small, stopped, table, untimed, watched, weights

AVERAGED = {
    "callbacks.average": "EMAWeightAveraging",
    "callbacks.average.decay": 0.5,
    "trainer.epochs": 3,
    "data.augment": True,
}


@pytest.fixture(scope="module")
def averaged(tmp_path_factory):
    """The folder of a run whose weights are averaged, and its first weight after every step."""
    folder, seen = tmp_path_factory.mktemp("starting") / "averaged", []
    parts = small(AVERAGED)
    name, weight = next(iter(parts.net.named_parameters()))
    fit(watched(parts, lambda _: seen.append(weight.detach().clone())), folder)
    return folder, name, seen


def test_the_averaged_weights_are_the_result(averaged):
    folder, name, seen = averaged
    assert len(seen) == 6
    mean = seen[0]
    for after in seen[1:]:
        mean = 0.5 * mean + 0.5 * after
    torch.testing.assert_close(weights(folder)[name], mean, rtol=0, atol=1e-7)
    assert not torch.equal(mean, seen[-1])


def test_a_resumed_run_with_averages_is_the_same_bit_for_bit(averaged, tmp_path):
    folder, _, _ = averaged
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(AVERAGED), step=4), tmp_path)
    results = fit(small(AVERAGED), tmp_path, resume=True)
    assert is_same(weights(tmp_path), weights(folder))
    assert table(tmp_path) == table(folder)
    assert untimed(results) == untimed(RunFolder(folder).read_results())


def test_validation_is_that_of_the_averages(averaged):
    folder, _, _ = averaged
    parts = small(AVERAGED)
    parts.net.load_state_dict({k: weights(folder)[k] for k in parts.net.state_dict()})
    right = total = 0
    for x, y in parts.data.val_dataloader():
        with torch.no_grad():
            logits = parts.net.eval()(x.expand(2, *x.shape)).logits.mean(0)
        right, total = right + (logits.argmax(-1) == y).sum().item(), total + len(y)
    assert table(folder)[-1]["val/accuracy"] == pytest.approx(right / total)


def test_a_callback_that_has_trained_a_run_is_not_taken_for_the_next(tmp_path):
    stop = EarlyStopping("train/loss", patience=1)
    for name in ("first", "second"):
        parts = small()
        parts.callbacks = (stop,)
        if name == "first":
            fit(parts, tmp_path / name)
            continue
        with pytest.raises(UsageError, match="^callbacks: EarlyStopping has trained already"):
            fit(parts, tmp_path / name)
        assert not (tmp_path / name).exists()


def test_what_lightning_refuses_is_one_line(tmp_path):
    parts = small()
    parts.callbacks = tuple(EarlyStopping("train/loss", patience=n) for n in (1, 2))
    with pytest.raises(UsageError, match="^callbacks: Lightning refuses them .Found more than one"):
        fit(parts, tmp_path)


def test_a_timer_of_ones_own_takes_the_place_of_the_runs(tmp_path):
    parts = small({"trainer.log_every_n_steps": 1})
    parts.callbacks = (Timer(), EarlyStopping("train/loss"))
    start_from(parts, resumes=False)
    for rank, more in ((0, 1), (1, 0)):
        made = around(parts, RunFolder(tmp_path), rank=rank)
        names = [type(callback).__name__ for callback in made.callbacks]
        assert made.timer is parts.callbacks[0]
        assert names.count("Timer") == 1
        # Only the first tells loggers of steps.
        assert names.count("StepMetrics") == more
        # Each draws by the seed of the run and its own number.
        (seeds,) = [each for each in made.callbacks if isinstance(each, SeedEachEpoch)]
        assert (seeds.seed, seeds.rank) == (parts.seed, rank)
        assert names.index("EarlyStopping") < names.index("MetricsTable") < names.index("Saver")
