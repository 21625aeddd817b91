import sys

import pytest
from torch import nn

import tssd
from tssd.config.paths import known_classes, load_object, path_of
from tssd.data import DataModule
from tssd.errors import UsageError
from tssd.models import vgg9
from tssd.neurons import LIF, Neuron
from tssd.objectives import Distance, MeanSquare
from tssd.training.schedule import Schedule


def test_an_object_and_its_path_belong_together():
    for thing in (vgg9, LIF, MeanSquare, nn.BatchNorm2d):
        assert load_object(path_of(thing)) is thing
    assert path_of(LIF) == "tssd.LIF"
    assert path_of(MeanSquare) == "tssd.objectives.MeanSquare"
    assert load_object("tssd.neurons.LIF") is tssd.LIF


def test_known_classes_are_the_public_ones():
    neurons = known_classes(Neuron)
    assert neurons[:2] == ["tssd.IF", "tssd.LIF"]
    assert "tssd.neurons.DSRLIF" in neurons
    # Not what they extend: LinearIntegrator, DSRNeuron.
    assert {name.rpartition(".")[2] for name in neurons} <= set(tssd.neurons.__all__)
    assert "tssd.objectives.TemperatureKL" in known_classes(Distance)
    assert known_classes(Schedule) == [
        "tssd.training.schedule.Cosine",
        "tssd.training.schedule.OneCycle",
        "tssd.training.schedule.StepDecay",
    ]
    assert "tssd.data.Digits" in known_classes(DataModule)
    assert not any("TorchvisionSet" in path for path in known_classes(DataModule))
    assert known_classes(nn.Module) == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("vgg9", "'vgg9' is neither a known class nor an import path such as tssd.mod"),
        (".vgg9", "'.vgg9' is neither a known class nor an import path"),
        (5, "5 is not an import path"),
        ([], "[] is not an import path"),
        ({"a": 1}, "{'a': 1} is not an import path"),
        ("tssd.models.vgg99", "does not exist; did you mean tssd.models.vgg9?"),
        ("tssd.model.vgg9", "does not exist; did you mean tssd.models?"),
        ("tssd.models.vgg9.deep", "there is no module tssd.models.vgg9"),
        ("no_such_package.Net", "there is no module no_such_package"),
        ("tssd.models", "is neither a class nor a function"),
    ],
)
def test_load_object_says_what_is_wrong_with_a_path(path, message):
    with pytest.raises(UsageError) as error:
        load_object(path)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import a_missing_package", "No module named 'a_missing_package'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def f(:", "SyntaxError"),
        ("import sys; sys.exit(0)", "it ends the program; put what it runs below `if __name__"),
    ],
)
def test_load_object_shows_why_your_own_module_fails(tmp_path, monkeypatch, code, message):
    (tmp_path / "broken_net.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match="broken_net cannot be imported") as error:
        load_object("broken_net.Net")
    assert message in str(error.value)
    assert "broken_net" not in sys.modules
