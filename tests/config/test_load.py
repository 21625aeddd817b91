import pytest

from tssd.config import load_recipe
from tssd.config.load import check
from tssd.errors import UsageError


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes own.yaml, which extends base.yaml, which extends digits/tssd."""
    monkeypatch.chdir(tmp_path)

    def own(text, base=""):
        (tmp_path / "base.yaml").write_text(f"extends: digits/tssd\n{base}\n")
        (tmp_path / "own.yaml").write_text(f"extends: base.yaml\n{text}\n")
        return "own.yaml"

    return own


def test_load_recipe_fills_in_sections_and_applies_overrides_in_order(own):
    config = load_recipe(own("seed: 3"), [("trainer.epochs", "5"), ("trainer.epochs", "6")])
    assert (config["seed"], config["trainer"]["epochs"]) == (3, 6)
    assert config["exits"] == {"class_path": "tssd.objectives.ExitPlan"}


def test_a_class_may_be_given_by_its_path_alone(own):
    config = load_recipe(own("schedule: tssd.training.schedule.StepDecay"))
    assert config["schedule"] == "tssd.training.schedule.StepDecay"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nett: 5", "own.yaml: nett: no such option; did you mean net?"),
        ("net: {init_args: {widht: 1}}", "own.yaml: net.widht: no such option; did you mean net"),
        ("trainer: {epoch: 5}", "own.yaml: trainer.epoch: no such option; did you mean trainer.e"),
        ("trainer: {epochs: many}", "own.yaml: trainer.epochs: got many, expected a whole number"),
        ("trainer: 5", "own.yaml: trainer: got 5, expected a mapping"),
        ("net: {width: 1}", "own.yaml: net.width: expected below init_args, not beside it"),
        ("net: {init_args: 5}", "own.yaml: net: got init_args 5, expected a mapping"),
        ("schedule: 5", "own.yaml: schedule: got 5, expected one of tssd.training.schedule.Cosine"),
        ("schedule: {class_path: tssd.training.schedule.Cosin}", "did you mean tssd.training.sch"),
        ("schedule: tssd.LIF", "own.yaml: schedule: got tssd.LIF, expected one of tssd.training"),
        ("objectives: [1]", "own.yaml: objectives: got [1], expected a mapping"),
        ("objectives: {tmporal: {init_args: {weight: 1}}}", "own.yaml: objectives.tmporal: it has"),
        (
            "net: {init_args: {neuron: {class_path: tssd.LIF, init_args: {tua: 3}}}}",
            "own.yaml: net.neuron.tua: no such option; did you mean net.neuron.tau?",
        ),
        (
            "objectives: {temporal: {init_args: {distance: {class_path: tssd.LIF}}}}",
            "own.yaml: objectives.temporal.distance: got tssd.LIF, expected one of tssd.objectives",
        ),
    ],
)
def test_a_mistake_in_a_file_is_named_with_file_and_option(own, text, message):
    with pytest.raises(UsageError) as error:
        load_recipe(own(text))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_file_with_the_mistake_is_named_not_the_one_that_extends_it(own):
    with pytest.raises(UsageError, match=r"^base\.yaml: net\.widht: no such option"):
        load_recipe(own("seed: 1", base="net: {init_args: {widht: 1}}"))


@pytest.mark.parametrize("steps", ["TemporalEfficientTraining", "{class_path: STEPS}"])
def test_task_losses_that_contradict_each_other_are_refused(tmp_path, steps):
    steps = steps.replace("STEPS", "tssd.objectives.TemporalEfficientTraining")
    file = tmp_path / "two.yaml"
    file.write_text(f"extends: digits+vgg9+tssd\nobjectives: {{steps: {steps}}}\n")
    told = r"^objectives: task \(TaskCrossEntropy\) labels means over time, and steps \(Temp.*null"
    with pytest.raises(UsageError, match=told):
        load_recipe(str(file))
    file.write_text(file.read_text().replace("steps:", "task: null, steps:"))
    assert [*load_recipe(str(file))["objectives"]][-1] == "steps"


def test_check_needs_no_source():
    with pytest.raises(UsageError, match=r"^trainr: no such option; did you mean trainer\?"):
        check({"trainr": {}})


def told_by(name, *overrides):
    told = []
    load_recipe(name, overrides, tell=told.append)
    return told


def test_what_a_new_class_drops_is_said_for_overrides_and_files_alike(own):
    line = (
        "optimizer: AdamW takes its own defaults (lr 0.001, weight_decay 0.01); torch.optim.SGD's "
        "lr 0.05, momentum 0.9, weight_decay 0.0001 are dropped"
    )
    assert told_by("digits/tssd", ("optimizer", "AdamW")) == [line]
    assert told_by(own("optimizer: AdamW")) == [f"own.yaml: {line}"]
    assert told_by(own("optimizer: {class_path: torch.optim.AdamW}")) == [f"own.yaml: {line}"]


def test_only_what_is_lost_is_said(own):
    rate = ("optimizer.lr", "0.01")
    (line,) = told_by("digits/tssd", rate, ("optimizer", "torch.optim.AdamW"))
    assert line == (
        "optimizer: AdamW takes its own defaults (weight_decay 0.01); torch.optim.SGD's "
        "momentum 0.9, weight_decay 0.0001 are dropped"
    )
    assert told_by("digits/tssd", ("net.neuron", "IF")) == []
    # Nothing was set, or what a run fills in.
    assert told_by("digits/tssd", ("schedule", "StepDecay")) == []
    assert told_by("digits/tssd", ("optimizer", "SGD"), rate) == []
    (line,) = told_by("digits/tssd", ("net", "resnet18"))
    assert line == (
        "net: resnet18 takes its own defaults (width 1.0); tssd.models.vgg9's width 0.125 is "
        "dropped"
    )
    # A recipe of the package says in its file what it does.
    assert told_by("cifar10_jpeg/small_resnet18/tssd") == []


def test_of_a_finished_run_only_what_differs_from_the_defaults_is_lost(trained):
    assert told_by(str(trained), ("optimizer", "AdamW")) == [
        "optimizer: AdamW takes its own defaults (lr 0.001, weight_decay 0.01); torch.optim.SGD's "
        "lr 0.05, momentum 0.9, weight_decay 0.0001 are dropped"
    ]


def test_short_names_in_files_are_written_out(own):
    text = "net: {init_args: {neuron: {class_path: IF}}}\nschedule: StepDecay"
    config = load_recipe(own(text, base="optimizer: {class_path: SGD, init_args: {lr: 1}}"))
    assert config["net"]["init_args"]["neuron"] == {"class_path": "tssd.IF"}
    assert config["schedule"] == "tssd.training.schedule.StepDecay"
    assert config["optimizer"]["class_path"] == "torch.optim.SGD"
    assert config["optimizer"]["init_args"] == {"lr": 1, "momentum": 0.9, "weight_decay": 1e-4}


@pytest.mark.parametrize(
    ("method", "option", "pair"),
    [
        ("vanilla_ts", ("timesteps.student", "3"), (3, 3)),
        ("vanilla_ts", ("timesteps.teacher", "8"), (1, 1)),
        ("vanilla_tt", ("timesteps.student", "1"), (4, 4)),
        ("vanilla_tt", ("timesteps.teacher", "8"), (8, 8)),
        ("ssd", ("timesteps.student", "2"), (2, 2)),
        ("control", ("timesteps.student", "2"), (2, 4)),
        ("tssd", ("timesteps.teacher", "8"), (1, 8)),
    ],
)
def test_a_method_of_one_length_keeps_to_it_whichever_timesteps_an_option_sets(
    method, option, pair
):
    config = load_recipe(f"digits+vgg9+{method}", [option])
    assert tuple(config["timesteps"].values()) == pair


@pytest.mark.parametrize(
    "own",
    [
        "timesteps: {student: 1, teacher: 4}",
        "objectives: {temporal: {class_path: tssd.objectives.TemporalDistillation}}",
    ],
)
def test_a_file_with_other_terms_or_a_pair_of_its_own_means_the_pair(tmp_path, own):
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: digits+vgg9+vanilla_tt\n{own}\n")
    config = load_recipe(str(file), [("timesteps.student", "2"), ("timesteps.teacher", "6")])
    assert config["timesteps"] == {"student": 2, "teacher": 6}


def test_with_other_terms_it_is_another_method_and_means_the_pair_that_it_says():
    options = [
        ("timesteps.student", "1"),
        ("objectives.temporal", "tssd.objectives.TemporalDistillation"),
    ]
    assert load_recipe("digits+vgg9+vanilla_tt", options)["timesteps"]["student"] == 1
