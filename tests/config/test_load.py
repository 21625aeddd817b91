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


def test_check_needs_no_source():
    with pytest.raises(UsageError, match=r"^trainr: no such option; did you mean trainer\?"):
        check({"trainr": {}})
