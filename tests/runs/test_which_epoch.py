import math

import pytest
from lightning.pytorch.callbacks import EarlyStopping

from training.runs import small
from tssd.errors import DataError, UsageError
from tssd.runs.folder import RunFolder
from tssd.runs.results import Results
from tssd.runs.saved import saved_weights
from tssd.runs.which_epoch import ENOUGH, epoch_in_words, epochs_in_words, select
from tssd.training.fit import fit


@pytest.mark.parametrize(
    ("wanted", "samples", "epoch"),
    [
        ("auto", 0, "last"), ("auto", 10, "last"), ("auto", 999, "last"), ("auto", 1000, "best"),
        ("auto", 50000, "best"), ("best", 1, "best"), ("last", 50000, "last"), ("last", 0, "last"),
    ],
)  # fmt: skip
def test_which_epoch_counts(wanted, samples, epoch):
    assert select(wanted, samples).epoch == epoch


def test_nothing_is_chosen_by_what_is_measured_with():
    told = "the validation samples are the test samples"
    assert select("auto", 50000, tested=True) == ("last", told)
    assert select("best", 1, tested=True).epoch == "best"


def test_enough_is_an_error_below_one_point_at_ninety_per_cent():
    assert math.sqrt(0.9 * 0.1 / ENOUGH) < 0.01 < math.sqrt(0.9 * 0.1 / (ENOUGH - 150))


def test_best_without_validation_samples_is_refused_before_there_is_a_folder(tmp_path):
    parts = small({"trainer.select": "best", "data.val_share": 0})
    with pytest.raises(UsageError, match=r"trainer\.select: got best, but .*--trainer.select last"):
        fit(parts, tmp_path / "run")
    assert not (tmp_path / "run").exists()


UNSEEN = {"trainer.check_val_every_n_epoch": 5}


def test_best_of_epochs_of_which_none_is_validated_is_refused_before_there_is_a_folder(tmp_path):
    told = r"check_val_every_n_epoch: got 5, but of 2 epochs none .*give 2 or less, or --trainer.se"
    with pytest.raises(UsageError, match=told):
        fit(small(UNSEEN | {"trainer.select": "best"}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_without_a_validation_the_last_epoch_stands_for_the_best(tmp_path):
    results = fit(small(UNSEEN), tmp_path)
    assert (results.selected, results.best) == ("last", results.last)
    assert saved_weights(RunFolder(tmp_path), "best").epoch == 2


def test_a_run_that_is_stopped_before_its_first_validation_counts_by_its_last_epoch(
    tmp_path, caplog
):
    options = {"trainer.select": "best", "trainer.epochs": 3, "trainer.check_val_every_n_epoch": 3}
    parts = small(options)
    stop = EarlyStopping("train/loss", stopping_threshold=99.0, check_on_train_epoch_end=True)
    parts.callbacks = (stop,)
    results = fit(parts, tmp_path)
    assert (results.epochs, results.selected) == (1, "last")
    assert results.selected_because == "training ended before an epoch was validated"
    assert "so the last epoch counts" in caplog.text
    assert epoch_in_words(results) == f"last epoch ({results.selected_because})"


def test_a_best_checkpoint_that_is_gone_is_not_replaced_by_the_last(tmp_path):
    options = {"trainer.select": "best"}
    fit(small(options), tmp_path)
    (tmp_path / "results.json").unlink()
    RunFolder(tmp_path).best.unlink()
    with pytest.raises(DataError, match=r"best\.ckpt: no checkpoint"):
        fit(small(options), tmp_path, resume=True)


def results(**said):
    curve = {"accuracy": [0.5], "samples": 1}
    whole = {
        "seed": 0,
        "timesteps": {"student": 1},
        "split_hash": "a",
        "best": curve,
        "last": curve,
    }
    return Results.of(whole | said)


@pytest.mark.parametrize(
    ("said", "expected"),
    [({}, "best"), ({"selected": None}, "best"), ({"selected": "last"}, "last")],
)
def test_before_there_was_a_choice_the_best_counted(said, expected):
    assert results(**said).selected == expected


@pytest.mark.parametrize(
    ("said", "epoch", "expected"),
    [
        ({}, None, "best epoch on the validation samples"),
        ({"split_sizes": {"val": 1000}}, None, "best epoch on the 1000 validation samples"),
        ({"split_sizes": {"val": 10}}, "best", "best epoch on the 10 validation samples, so few"),
        ({"split_sizes": {"val": 0}}, "best", "last epoch (there were no validation samples"),
        ({"selected": "last", "selected_because": "10"}, None, "last epoch (10)"),
        ({"selected": "last", "selected_because": "10"}, "best", "best epoch on the validation"),
        ({"selected": "best", "selected_because": "10"}, "last", "last epoch"),
        ({"split_sizes": None}, None, "best epoch on the validation samples"),
    ],
)
def test_it_is_said(said, epoch, expected):
    assert epoch_in_words(results(**said), epoch).startswith(expected)


def test_runs_that_differ_are_counted():
    few, last = results(split_sizes={"val": 1000}), results(selected="last")
    assert epochs_in_words([last, last]) == "last epoch"
    assert epochs_in_words([few, last, last]).endswith("samples (1 run), last epoch (2 runs)")
