import pytest

from tssd.config import load_recipe
from tssd.config.options import content
from tssd.config.teacher_recipe import teacher_recipe
from tssd.errors import UsageError


def recipe(name, pieces="ann", *overrides, in_time=False):
    return teacher_recipe(load_recipe(name, overrides), pieces, in_time=in_time)


def test_it_is_what_the_part_makes_of_the_student_s_recipe():
    options = [("trainer.epochs", "3"), ("seed", "7"), ("net.width", "0.5"), ("optimizer", "AdamW")]
    found = recipe("digits+vgg9+kdsnn+tssd", "ann", *options)
    own = load_recipe("digits+vgg9+ann", options)
    for section in ("seed", "data", "net", "timesteps", "optimizer", "schedule", "trainer"):
        assert found[section] == own[section], section
    assert found["description"] == "teacher: ANN"
    assert list(found["objectives"]) == ["task"]
    assert not {"init", "rule", "freeze", "callbacks"} & found.keys()


def test_it_has_the_labels_of_its_student_whatever_that_does_with_them():
    task = recipe("cifar10+vgg9+fast+tdd")["objectives"]["task"]
    assert task == {
        "class_path": "tssd.objectives.TaskCrossEntropy",
        "init_args": {"label_smoothing": 0.1},
    }


def test_a_larger_one_keeps_the_data():
    found = recipe("cifar10+vgg9+kdsnn", "resnet34+ann")
    assert found["net"]["class_path"] == "tssd.models.resnet34"
    assert content(found["net"])["neuron"]["class_path"] == "torch.nn.ReLU"
    assert found["data"]["class_path"] == "tssd.data.CIFAR10"


def test_it_sees_every_frame_of_a_sequence():
    found = recipe("cifar10dvs+vgg9+kdsnn+tssd", in_time=True)
    assert found["timesteps"] == {"student": 10, "teacher": 10}
    assert recipe("digits+vgg9+kdsnn", "if")["timesteps"] == {"student": 1, "teacher": 1}


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ("an", "^recipe: 'an' in 'an' is no network, scale or part of the package; did you mean a"),
        ("ann+mine.yaml", "^recipe: 'mine.yaml' in 'ann.mine.yaml' is no network"),
        ("digits", "^recipe: 'digits' in 'digits' is no network"),
        ("ann+plif", "ann and plif both set net.neuron|plif and ann both set net.neuron"),
    ],
)
def test_refused(pieces, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("net: {init_args: {width: 2}}")
    with pytest.raises(UsageError, match=message):
        recipe("digits+vgg9+kdsnn", pieces)


def test_a_network_without_an_option_for_its_neuron_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "plain_net.py").write_text(
        "from torch.nn import Linear, Module\n\n\ndef net() -> Module:\n    return Linear(1, 1)\n"
    )
    (tmp_path / "plain.yaml").write_text("net: {class_path: plain_net.net}")
    with pytest.raises(UsageError, match="net.neuron: no such option"):
        recipe("digits+plain.yaml+kdsnn")
