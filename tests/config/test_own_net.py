"""Networks of one's own named in a recipe: plain modules and factories."""

import pytest
import torch
import yaml

from tssd.adapters import AdaptedNet
from tssd.config import build, load_recipe
from tssd.config.own_net import ADAPTED, may_be_plain
from tssd.errors import UsageError
from tssd.reopened.load import load
from tssd.training.fit import fit

SOURCE = '''
import torch
from torch import nn
from tssd.models import StagedNet, vgg9
from tssd.neurons import LIF
from tssd.time import TimeFold


class Whole(nn.Module):
    """[T, N, C, H, W] -> [T, N, K]."""

    def __init__(self, num_classes: int = 3, width: int = 4):
        super().__init__()
        self.conv = TimeFold(nn.Conv2d(1, width, 3, stride=4))
        self.spikes = LIF()
        self.head = TimeFold(nn.Flatten(), nn.Linear(width * 16, num_classes))

    def forward(self, x):
        return self.head(self.spikes(self.conv(x)))


class Step(nn.Module):
    """[N, C, H, W] and what is left of the last step -> [N, K] and what is left of this one."""

    def __init__(self, num_classes: int):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=4)
        self.head = nn.Linear(64, num_classes)

    def forward(self, x, state=None):
        v = self.conv(x) + (0 if state is None else 0.5 * state)
        return self.head(v.flatten(1)), v


class Deep(Step):
    def __init__(self, num_classes: int, depth: int):
        super().__init__(num_classes)


class Thousand(Step):
    def __init__(self):
        super().__init__(1000)


class Colour(Step):
    def __init__(self, num_classes: int):
        super().__init__(num_classes)
        self.conv = nn.Conv2d(3, 4, 3, stride=4)


def vague() -> nn.Module:
    return Step(10)


def numbered(num_classes: int) -> nn.Module:
    conv, head = TimeFold(nn.Conv2d(1, 4, 3, stride=4)), nn.Linear(64, num_classes)
    return nn.Sequential(conv, LIF(), TimeFold(nn.Flatten(), head))


def ready(num_classes: int) -> nn.Module:
    return vgg9(1, num_classes=num_classes, image_size=16, width=0.03125)


def said(num_classes: int) -> StagedNet:
    return ready(num_classes)
'''


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A module of one's own on the path."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "nets_of_mine.py").write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield "nets_of_mine"


@pytest.fixture
def parts_of(own, tiny):
    keep = [option for option in tiny if option[0] != "net.width"]

    def parts_of(name, *overrides, recipe="digits/tssd"):
        return build(load_recipe(recipe, [*keep, ("net", f"{own}.{name}"), *overrides]))

    return parts_of


@pytest.mark.parametrize(("name", "layout"), [("Whole", "time_first"), ("Step", "stepped")])
def test_a_plain_module_is_adapted_and_the_run_reads_back(parts_of, tmp_path, name, layout):
    parts = parts_of(name, ("exits.taps", "[conv]"))
    node = parts.config["net"]
    assert node["class_path"] == ADAPTED
    assert node["init_args"]["layout"] == layout
    assert node["init_args"]["module"]["init_args"]["num_classes"] == 10
    assert parts.criterion.taps == ("conv",)
    # What is written down builds the same network.
    again = build(yaml.safe_load(yaml.safe_dump(parts.config)))
    assert again.config == parts.config
    for key, weight in parts.net.state_dict().items():
        assert torch.equal(weight, again.net.state_dict()[key])
    fit(parts, tmp_path / "run")
    x = torch.randn(2, 3, 1, 16, 16)
    loaded = load(tmp_path / "run", trust=["nets_of_mine"])
    assert isinstance(loaded.net, AdaptedNet)
    assert torch.equal(loaded(x).logits, parts.net.eval()(x).logits)


@pytest.mark.parametrize("taps", ["[1]", '["1"]'])
def test_modules_of_a_sequential_are_named_by_their_numbers(parts_of, taps):
    parts = parts_of("numbered", ("exits.taps", taps))
    assert parts.config["net"]["init_args"]["taps"] == ["1"]
    assert parts.criterion.taps == ("1",)


def test_no_taps_are_needed_without_exits(parts_of):
    parts = parts_of("vague", recipe="digits/vanilla_ts")
    assert parts.config["net"]["init_args"]["taps"] == []
    assert parts.criterion.taps == ()


def test_a_factory_that_only_says_module_may_make_a_network_that_is_ready(parts_of, own):
    assert parts_of("ready").config["net"]["class_path"] == f"{own}.ready"
    assert may_be_plain(f"{own}.ready")
    assert may_be_plain(f"{own}.Whole")
    assert not may_be_plain(f"{own}.said")
    assert not may_be_plain("tssd.models.vgg9")


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("Step", [], "is a plain module, and what its middle is, is not known; name the place of "
         "the exit: --exits.taps '[head]' (it has conv, head)"),
        ("Step", [("exits.taps", "[1]")], "exits.taps: got '1', but net is a plain module"),
        ("Step", [("exits.taps", "[cnov]")], "exits.taps: got 'cnov', but net is a plain module"),
        ("Deep", [], "net.depth: missing, expected a whole number"),
        ("Thousand", [("exits.taps", "[conv]")], "Thousand returns 1000 logits, but the data has "
         "10 classes; end it with 10 outputs"),
        ("Colour", [("exits.taps", "[conv]")], "Colour is a plain module that can't be adapted "
         "with layout='stepped': module: Colour failed on an input [3, 1, 16, 16]"),
    ],
)  # fmt: skip
def test_what_cannot_be_adapted_is_one_line(parts_of, name, overrides, message):
    with pytest.raises(UsageError) as error:
        parts_of(name, *overrides)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
