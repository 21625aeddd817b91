import copy
import pickle

import pytest
from torch import nn

from tssd.config import make as module
from tssd.config.load import load_recipe
from tssd.config.make import Maker, build_net, located, make
from tssd.config.trust import only_known_parts
from tssd.errors import UsageError
from tssd.models import StagedNet
from tssd.models.blocks import SpikeAddBlock
from tssd.objectives import Timesteps
from tssd.time import TimeFold

NET = {
    "class_path": "tssd.models.vgg9",
    "init_args": {"width": 0.03, "in_channels": 1, "image_size": 16},
}


def test_a_network_from_its_section_alone():
    net = build_net(NET)
    assert isinstance(net, StagedNet)
    assert net.num_classes == 10
    assert isinstance(build_net({"class_path": "torch.nn.Flatten"}), nn.Flatten)


@pytest.mark.parametrize("neuron", ["torch.nn.ReLU", {"class_path": "torch.nn.ReLU"}])
def test_a_run_folder_may_name_a_layer_of_torch_in_the_place_of_a_neuron(neuron):
    section = NET | {"init_args": NET["init_args"] | {"neuron": neuron}}
    with only_known_parts():
        net = build_net(section)
    assert sum(isinstance(m, nn.ReLU) for m in net.modules()) == 8
    again = pickle.loads(pickle.dumps(copy.deepcopy(net)))
    assert isinstance(again.make_neuron(), nn.ReLU)
    assert isinstance(again.make_norm(4), TimeFold)


@pytest.mark.parametrize(
    ("neuron", "message"),
    [
        ("os.getcwd", "os was not imported"),
        ("torch.nn.functional.relu", r"torch\.nn\.functional was not imported"),
        ("tssd.models.resnet18", r"^net\.neuron: got tssd\.models\.resnet18, expected one of tssd"),
        ("tssd.norms.pooled_batch_norm", r"^net\.neuron: got tssd\.norms\.pooled_batch_norm, exp"),
    ],
)
def test_a_run_folder_may_name_nothing_else_there(neuron, message):
    section = NET | {"init_args": NET["init_args"] | {"neuron": neuron}}
    with only_known_parts(), pytest.raises(UsageError, match=message):
        build_net(section)


def test_a_network_may_be_a_table_in_a_recipe():
    table = {"stages": [[4], [8, 8]], "image_size": 8, "block": "tssd.models.blocks.SpikeAddBlock"}
    section = {"class_path": "tssd.models.vgg.vgg", "init_args": table}
    with only_known_parts():
        net = build_net(section)
    assert net.shapes == ((4, 8, 8), (8, 4, 4))
    assert sum(isinstance(m, SpikeAddBlock) for m in net.modules()) == 3
    section = {"class_path": "tssd.models.resnet.resnet", "init_args": {"stages": [[4, 3], [8, 1]]}}
    assert [len(stage) for stage in build_net(section).stages] == [3, 3, 1]


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
    for told in ("grid: got [1, 2], expected more", "name: got 'a, b', expected another"):
        assert str(located(UsageError(told), config, "x")) == told
    assert str(located(ValueError("a\nb"), config, "net")) == "net: a b"


def test_a_section_is_parsed_once_and_made_each_time(monkeypatch):
    parsed, parse = [], module.parse
    monkeypatch.setattr(module, "parse", lambda *args: parsed.append(args) or parse(*args))
    config, maker = {"net": NET, "timesteps": {"student": 1, "teacher": 4}}, Maker()
    one, other = (maker.make(config, "net") for _ in range(2))
    assert one is not other
    assert len(parsed) == 1
    assert maker.written(config, "net")["init_args"]["num_classes"] == 10
    assert maker.make(config, "timesteps") == Timesteps(1, 4)
    assert len(parsed) == 2


def test_a_section_that_changed_is_parsed_anew():
    config, maker = {"net": NET}, Maker()
    assert maker.make(config, "net").num_classes == 10
    config["net"] = copy.deepcopy(NET)
    config["net"]["init_args"]["num_classes"] = 7
    assert maker.make(config, "net").num_classes == 7
    # In place, too.
    config["net"]["init_args"]["num_classes"] = 3
    assert maker.make(config, "net").num_classes == 3
    assert maker.written(config, "net")["init_args"]["num_classes"] == 3
    # A number in the place of a word that equals it.
    config["net"]["init_args"]["num_classes"] = 1
    maker.make(config, "net")
    config["net"]["init_args"]["num_classes"] = True
    with pytest.raises(UsageError, match="num_classes"):
        maker.make(config, "net")
