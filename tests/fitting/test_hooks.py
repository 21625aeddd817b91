"""Callbacks, loggers and initial weights of a run from Python: objects, options, and both."""

from pathlib import Path

import pytest
from lightning import Callback
from lightning.pytorch.callbacks import EarlyStopping, EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger

import tssd
from tssd.cli import main
from tssd.data import Digits
from tssd.errors import UsageError
from tssd.runs.folder import RunFolder
from tssd.runs.saved import load_checkpoint
from tssd.training.initial_weights import InitialWeights

from .own import Mlp, digits


class Counts(Callback):
    """Steps of the training."""

    steps = 0

    def on_train_batch_end(self, *_):
        self.steps += 1


class Stops(Callback):
    """Ctrl-C in the second epoch."""

    def on_train_epoch_start(self, trainer, _):
        if trainer.current_epoch == 1:
            raise KeyboardInterrupt


def run(folder, **options):
    given = {"test": digits(20, 40), "epochs": 2, "batch_size": 10, **options}
    return tssd.fit(Mlp, digits(0, 20), folder=folder, **given)


def test_callbacks_of_options_are_called_beside_those_that_are_given(tmp_path):
    counts, average = Counts(), {"callbacks.average": "EMAWeightAveraging"}
    run(tmp_path / "run", callbacks=counts, options=average)
    assert counts.steps == 4
    written = RunFolder(tmp_path / "run").read_config()["callbacks"]
    assert written["average"]["class_path"].endswith(".EMAWeightAveraging")
    assert written["given1"]["init_args"] == {"name": "Counts"}
    assert "averaging_state" in load_checkpoint(RunFolder(tmp_path / "run").last)


@pytest.mark.parametrize(
    ("argument", "option", "words"),
    [
        ({"init": "runs/a"}, {"init": "runs/b"}, "'init' is given, and init as well; say it once"),
        ({"loggers": CSVLogger(".")}, {"logger": "csv"}, "'logger' is given, and loggers as well"),
        ({"loggers": []}, {"logger.save_dir": "a", "logger": "csv"}, "'logger' is given, and log"),
    ],
)
def test_what_is_given_twice_is_refused(tmp_path, argument, option, words):
    with pytest.raises(UsageError, match=f"^options: {words}"):
        run(tmp_path / "run", **argument, options=option)
    assert not (tmp_path / "run").exists()


def test_a_run_goes_on_with_the_callbacks_that_it_was_begun_with_alone(tmp_path):
    def averaged(*more, **options):
        return run(tmp_path, callbacks=[EMAWeightAveraging(), *more], **options)

    with pytest.raises(KeyboardInterrupt):
        averaged(Stops())
    # As one that was begun without what interrupts it.
    folder = RunFolder(tmp_path)
    config = folder.read_config()
    del config["callbacks"]["given2"]
    folder.write_config(config)
    refused = r"the run has callbacks = .*EMAWeightAveraging.*, now it is None; give tssd\.fit what"
    with pytest.raises(UsageError, match=refused):
        run(tmp_path, resume=True)
    with pytest.raises(UsageError, match=r"callbacks\.given1\.name = EMAWeight.*, now it is Early"):
        run(tmp_path, resume=True, callbacks=EarlyStopping("train/loss"))
    assert averaged(resume=True).results.epochs == 2
    assert averaged().results.epochs == 2  # finished, and returned as it is


def test_checkpoints_of_a_callback_are_no_checkpoints_of_the_run(tmp_path):
    own = ModelCheckpoint(filename="best", save_last=True)
    run(tmp_path, callbacks=own, loggers=[], epochs=1)
    assert [path.name for path in RunFolder(tmp_path).checkpoints.iterdir()] == ["last.ckpt"]
    for saved in (own.best_model_path, own.last_model_path):
        assert Path(saved).parent == tmp_path / "lightning" / "checkpoints"


def test_a_command_says_which_callback_to_give_again(tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt):
        tssd.fit(
            "vgg9",
            Digits(image_size=16, train_samples=20),
            epochs=2,
            folder=tmp_path,
            callbacks=Stops(),
            options={"net.width": 1 / 32},
        )
    assert main(["train", str(tmp_path), "--resume"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "callbacks: this run was trained from Python, and one of its callbacks, Stops," in told


def test_initial_weights_are_written_down_and_compared(tmp_path):
    source = run(tmp_path / "source").folder
    first = run(tmp_path / "a", init=source)
    assert RunFolder(first.folder).read_config()["init"] == str(source)
    again = run(tmp_path / "a", init=InitialWeights(source))
    assert again.results == first.results
    with pytest.raises(UsageError, match="the run has init = .*, now it is None"):
        run(tmp_path / "a")
