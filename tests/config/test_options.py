import pytest
import yaml

from tssd.config import load_recipe
from tssd.config.options import accepts, in_yaml, parameters, problems, summary, walk
from tssd.config.types import MISSING
from tssd.data import CIFAR10DVS, EventData


def test_walk_gives_every_option_with_its_value():
    config = load_recipe("digits/tssd")
    found = {option.name: option.value for option in walk(config)}
    assert found["trainer.epochs"] == config["trainer"]["epochs"]
    assert found["optimizer.lr"] == config["optimizer"]["init_args"]["lr"]
    assert found["trainer.gradient_clip"] == 0.0  # a default of the signature
    assert found["net"] == "tssd.models.vgg9"
    assert found["net.neuron"] == "tssd.LIF"  # a class that is a default
    assert found["net.neuron.tau"] == 2.0
    assert found["net.norm"] == "tssd.norms.pooled_batch_norm"
    assert found["objectives.spatial.span"] == "student"
    assert "optimizer.params" not in found  # given by training
    assert MISSING not in found.values()


def test_walk_gives_what_is_missing():
    found = {option.name: option.value for option in walk({})}
    assert found["timesteps.student"] is MISSING
    assert found["net"] is MISSING
    assert found["trainer.epochs"] == 100


def test_every_option_of_ours_has_a_meaning(every_recipe):
    for name in every_recipe:
        for option in walk(load_recipe(name)):
            described = option.slot.meaning or summary(str(option.value))
            assert described, f"{name}: {option.name}"


def test_problems_finds_all():
    config = load_recipe("digits/tssd")
    assert list(problems(config)) == []
    config["trainer"] |= {"epochs": "x", "epoch": 1}
    config["nett"] = 1
    assert [(p.option, bool(p.text)) for p in problems(config)] == [
        ("trainer.epochs", True),
        ("trainer.epoch", False),
        ("nett", False),
    ]


def test_what_a_class_does_not_say_of_an_option_its_bases_say():
    base, own = parameters(EventData), parameters(CIFAR10DVS)
    assert own["batch_size"] == base["batch_size"]
    assert own["batch_size"].meaning == "Samples a batch, those of all devices together."
    assert (base["size"].default, own["size"].default) == (None, 48)
    assert own["size"].meaning.endswith("null keeps 128 pixels.")
    assert own["num_workers"].meaning == base["num_workers"].meaning != ""
    assert [*own] == [*base, "rule", "orientation"]


def test_accepts_knows_the_parameters():
    assert accepts("tssd.models.vgg9", "width")
    assert accepts("torch.optim.Adam", "betas")
    assert not accepts("tssd.models.vgg9", "betas")


@pytest.mark.parametrize("value", [None, True, 3, 1e-4, "32-true", "", [1, "a"], {"a": None}])
def test_in_yaml_is_one_line_that_reads_back(value):
    assert "\n" not in in_yaml(value)
    assert yaml.safe_load(in_yaml(value)) == value


def test_defaults_that_only_code_can_give_do_no_harm(tmp_path, monkeypatch):
    (tmp_path / "own_net.py").write_text(
        "from collections.abc import Callable\n"
        "import torch\n"
        "from tssd.models import StagedNet\n"
        "from tssd.neurons import LIF, Neuron\n"
        "from tssd.surrogates import ATan, Surrogate\n"
        "def net(\n"
        "    dtype: torch.dtype = torch.float64,\n"
        "    neuron: Callable[[], Neuron] = lambda: LIF(3.0),\n"
        "    surrogate: Surrogate = ATan(),\n"
        "    unknown: 'NoSuchType' = 1,\n"
        "    **more,\n"
        ") -> StagedNet: ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    config = load_recipe("digits/tssd") | {"net": "own_net.net"}
    shown = {o.name: in_yaml(o.value) for o in walk(config) if o.name.startswith("net.")}
    assert list(shown) == ["net.dtype", "net.neuron", "net.surrogate", "net.unknown"]
    assert (shown["net.dtype"], shown["net.unknown"]) == ("torch.float64", "1")
    assert list(problems(config)) == []
