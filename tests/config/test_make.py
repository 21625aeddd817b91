import pytest
from torch import nn

from tssd.config.load import load_recipe
from tssd.config.make import build_net, located, make
from tssd.errors import UsageError
from tssd.models import StagedNet
from tssd.objectives import Timesteps

NET = {
    "class_path": "tssd.models.vgg9",
    "init_args": {"width": 0.03, "in_channels": 1, "image_size": 16},
}


def test_a_network_from_its_section_alone():
    net = build_net(NET)
    assert isinstance(net, StagedNet)
    assert net.num_classes == 10
    assert isinstance(build_net({"class_path": "torch.nn.Flatten"}), nn.Flatten)


def test_a_section_becomes_its_object():
    assert isinstance(make(load_recipe("digits/tssd"), "timesteps"), Timesteps)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"width": -1.0}, r"^net\.width: got -1.0, expected a factor > 0"),
        ({"depth": 3}, r"^net\.depth: no such option"),
        ({"num_classes": 10**18}, r"^net: "),
        ({"width": "wide"}, r"^net\.width: got wide, expected a number"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(changed, message):
    section = NET | {"init_args": NET["init_args"] | changed}
    with pytest.raises(UsageError, match=message) as error:
        build_net(section)
    assert "\n" not in str(error.value)


def test_an_error_gets_the_name_of_its_option_where_that_is_certain():
    config = {"timesteps": {"student": 3, "teacher": 2}, "exits": {"class_path": "tssd.objectives"
              ".ExitPlan", "init_args": {"taps": [9]}}}  # fmt: skip
    assert str(located(UsageError("student: got 3, expected 1"), config, "x")) == (
        "timesteps.student: got 3, expected 1"
    )
    assert str(located(UsageError("tap: got 9, expected 1"), config, "x")) == (
        "exits.taps: got 9, expected 1"
    )
    assert str(located(UsageError("size: got 9, expected 1"), config, "x")) == (
        "size: got 9, expected 1"
    )
    assert str(located(ValueError("a\nb"), config, "net")) == "net: a b"
