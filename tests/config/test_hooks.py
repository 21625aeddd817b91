"""Callbacks, loggers and initial weights as sections of a recipe: what is built and refused."""

import pytest
import yaml
from lightning.pytorch.callbacks import EarlyStopping, EMAWeightAveraging, Timer
from lightning.pytorch.loggers import CSVLogger

from tssd.config import build, load_recipe
from tssd.config.hooks import hooks, in_folder
from tssd.config.options import walk
from tssd.errors import UsageError
from tssd.reopened.open_run import for_evaluation
from tssd.runs.folder import RunFolder

NEW = {
    *("callbacks", "logger", "init", "freeze"),
    *("check_val_every_n_epoch", "checkpoint_every_n_epochs", "gradient_clip_algorithm"),
    "log_every_n_steps",
}


@pytest.fixture
def parts_of(tiny):
    return lambda *overrides: build(load_recipe("digits/tssd", [*tiny, *overrides]))


@pytest.fixture
def refused(tiny):
    def refused(*overrides):
        with pytest.raises(UsageError) as error:
            build(load_recipe("digits/tssd", [*tiny, *overrides]))
        assert "\n" not in str(error.value)
        return str(error.value)

    return refused


STOP = [("callbacks.stop", "EarlyStopping"), ("callbacks.stop.monitor", "val/accuracy")]


def test_a_recipe_without_them_has_none_and_its_configuration_no_new_key(parts_of):
    parts = parts_of()
    assert (parts.callbacks, parts.loggers, parts.init, parts.freeze) == ((), None, None, ())
    assert not NEW & {*parts.config, *parts.config["trainer"]}
    # What is given as it would be anyway is as if it were not given.
    same = parts_of(
        ("callbacks", "{}"), ("logger", "null"), ("freeze", "[]"), ("init", "null"),
        ("trainer.log_every_n_steps", "0"),
    )  # fmt: skip
    assert same.config == parts.config


def test_callbacks_have_names_and_are_built_in_their_order(parts_of):
    ema = ("callbacks.average", "EMAWeightAveraging")
    parts = parts_of(
        *STOP, ema, ("callbacks.stop.patience", "7"), ("trainer.log_every_n_steps", "5")
    )
    stop, average = parts.callbacks
    assert isinstance(stop, EarlyStopping)
    assert (stop.monitor, stop.patience) == ("val/accuracy", 7)
    assert isinstance(average, EMAWeightAveraging)
    written = parts.config["callbacks"]
    assert list(written) == ["stop", "average"]
    assert written["stop"]["init_args"]["patience"] == 7
    assert parts.config["trainer"]["log_every_n_steps"] == 5
    removed = parts_of(("callbacks.stop", "Timer"), ema, ("callbacks.stop", "null"))
    assert removed.config["callbacks"] == {"average": written["average"]}


def test_a_recipe_file_has_them_and_another_one_changes_one_option(tiny, tmp_path):
    base, more = tmp_path / "base.yaml", tmp_path / "more.yaml"
    init_args = {"monitor": "val/loss", "patience": 2}
    said = {
        "extends": "digits/tssd",
        "callbacks": {"stop": {"class_path": "EarlyStopping", "init_args": init_args}},
        "logger": "csv",
        "freeze": "stages.0",
    }
    base.write_text(yaml.safe_dump(said))
    more.write_text(f"extends: {base}\ncallbacks: {{stop: {{init_args: {{patience: 9}}}}}}\n")
    parts = build(load_recipe(str(more), tiny))
    (stop,) = parts.callbacks
    assert (stop.monitor, stop.patience) == ("val/loss", 9)
    assert parts.freeze == ("stages.0",)
    assert parts.config["logger"] == "lightning.pytorch.loggers.CSVLogger"


def test_a_logger_is_made_in_the_run_folder_and_only_what_is_given_is_written(parts_of, tmp_path):
    parts = parts_of(("logger", "csv"), ("logger.flush_logs_every_n_steps", "1"))
    (make_logger,) = parts.loggers
    logger = make_logger(tmp_path)
    assert isinstance(logger, CSVLogger)
    assert logger.log_dir == str(tmp_path / "csv" / "version_0")
    path = "lightning.pytorch.loggers.CSVLogger"
    given = {"flush_logs_every_n_steps": 1}
    assert parts.config["logger"] == {"class_path": path, "init_args": given}
    own = in_folder({"class_path": path, "init_args": {"save_dir": "logs"}})
    assert own["init_args"] == {"save_dir": "logs", "name": "csv"}


@pytest.mark.parametrize(("name", "package"), [("wandb", "wandb"), ("mlflow", "mlflow")])
def test_a_logger_without_its_package_names_it(tiny, monkeypatch, name, package):
    monkeypatch.setattr("tssd.config.hooks.find_spec", lambda name: None)
    config = load_recipe("digits/tssd", [*tiny, ("logger", name)])
    told = f"^logger: .* needs {package}, which is not installed; `pip install {package}`, or use "
    with pytest.raises(UsageError, match=told):
        hooks(config)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ([("callbacks.stop", "EarlyStoping")], "did you mean EarlyStopping?"),
        (
            [("callbacks.stop", "torch.nn.ReLU")],
            "got torch.nn.ReLU, expected the import path of a C",
        ),
        ([("callbacks.stop", "my.Own")], "my.Own does not exist; there is no module my"),
        ([("callbacks", "EarlyStopping")], "--callbacks: got EarlyStopping, expected a mapping"),
        ([STOP[0]], "callbacks.stop.monitor: missing, expected text (quantity to be monitored"),
        ([*STOP, ("callbacks.stop.patients", "3")], "did you mean --callbacks.stop.patience?"),
        (
            [*STOP, ("callbacks.stop.mode", "up")],
            "callbacks: MisconfigurationException: `mode` can",
        ),
        ([("logger", "wnb")], "did you mean wandb?"),
        ([("logger", "csv"), ("logger.nam", "x")], "did you mean --logger.name?"),
        ([("logger", "torch.nn.ReLU")], "got torch.nn.ReLU, expected the import path of a Logger"),
        ([("trainer.check_val_every_n_epoch", "0")], "got 0, expected >= 1"),
    ],
)
def test_mistakes_are_one_line(refused, overrides, told):
    assert told in refused(*overrides)


def test_every_section_is_listed_where_it_is_not_used(tiny):
    names = {option.name: option for option in walk(load_recipe("digits/tssd", tiny))}
    assert names["callbacks"].value == {}
    assert (names["logger"].value, names["init"].value, names["freeze"].value) == (None, None, [])
    load_recipe("digits/tssd", [*tiny, *STOP])
    # Nothing of one recipe is left for the next.
    again = {option.name for option in walk(load_recipe("digits/tssd", tiny))}
    assert again == names.keys()


def test_a_run_folder_is_evaluated_without_looking_at_them(parts_of, tmp_path):
    config = parts_of(*STOP).config
    config["callbacks"]["own"] = {"class_path": "os.system"}
    config["logger"] = "antigravity.Logger"
    run = RunFolder(tmp_path)
    run.write_config(config)
    assert not {"callbacks", "logger"} & for_evaluation(run, []).keys()
    run.environment.write_text("{}")
    with pytest.raises(UsageError, match="it names (os.system|antigravity.Logger), and "):
        load_recipe(str(tmp_path))
    del config["callbacks"]["own"], config["logger"]
    run.write_config(config)
    assert list(load_recipe(str(tmp_path))["callbacks"]) == ["stop"]


def test_what_is_written_of_callbacks_is_read_back(parts_of, tmp_path):
    limit = [("callbacks.limit", "Timer"), ("callbacks.limit.duration", "00:08:00:00")]
    parts = parts_of(*STOP, ("callbacks.average", "EMAWeightAveraging"), *limit)
    assert parts.config["callbacks"]["average"]["init_args"]["decay"] == 0.999
    run = RunFolder(tmp_path)
    run.write_config(parts.config)
    run.environment.write_text("{}")
    again = build(load_recipe(str(tmp_path)))
    assert again.config == parts.config
    assert [type(each) for each in again.callbacks] == [EarlyStopping, EMAWeightAveraging, Timer]
