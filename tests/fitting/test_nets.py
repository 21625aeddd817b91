from functools import partial

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import tssd
from training.nets import two_stages
from tssd.adapters.printed import printed
from tssd.config.make import build_net
from tssd.data import Digits
from tssd.data.given import GivenData
from tssd.errors import UsageError
from tssd.fitting.nets import Needs, with_net

from .own import Mlp, digits, plain_mlp


def needs(data=None, *, taps=None, exits=True):
    if data is None:
        data = GivenData({"train": digits(0, 20), "test": digits(20, 40)})
    return Needs(data, taps, exits, 3)


def put(net, wanted=None):
    config = {}
    return config, with_net(config, net, wanted or needs())


def test_objects_are_copied_adapted_and_recorded_by_their_class():
    net = plain_mlp()
    config, objects = put(net)
    assert config["net"]["init_args"] == {
        "name": "Sequential",
        "layout": "time_first",
        "printed": printed(net),
    }
    ready = objects["net"]()
    assert (ready.resolve_tap(None), ready.num_classes) == ("1", 10)
    assert ready.module is not net
    assert torch.equal(ready.module[0][1].weight, net[0][1].weight)


def test_objects_of_classes_without_arguments_are_written_out():
    config, _ = put(Mlp())
    assert config["net"]["init_args"]["module"] == {"class_path": f"{Mlp.__module__}.Mlp"}
    built = build_net(config["net"])
    assert (built.layout, [*built.places]) == ("time_first", ["spikes"])


def test_objects_that_their_class_alone_does_not_rebuild_are_not_written_out():
    changed = Mlp()
    changed.spikes = tssd.LIF(tau=5.0)
    for net in (Mlp(width=8), changed):
        assert put(net)[0]["net"]["init_args"]["name"] == "Mlp"


def test_networks_that_are_ready_are_taken_as_they_are():
    net = tssd.adapt(plain_mlp(), taps=["1"], example=torch.rand(4, 1, 8, 8))
    config, objects = put(net)
    assert config["net"]["init_args"]["layout"] == "time_first"
    assert [*objects["net"]().places] == ["1"]
    assert put(two_stages(1, 10, 8))[1]["net"]().num_classes == 10


def test_what_builds_a_network_gets_the_shapes_of_the_data():
    config, objects = put(partial(two_stages, channels=4))
    assert config["net"]["init_args"] == {"channels": 4} and not objects
    config, objects = put(lambda num_classes: plain_mlp(num_classes))
    found = config["net"]["init_args"]
    assert (found["name"], found["layout"]) == ("<lambda>", "time_first")
    before = torch.get_rng_state()
    put(plain_mlp)
    assert torch.equal(torch.get_rng_state(), before)
    assert objects["net"]().module[0][1].out_features == 10


def test_images_that_are_no_squares_are_told_by_height_and_width():
    wide = TensorDataset(torch.rand(8, 1, 8, 12), torch.arange(8))
    told = []

    def build(image_size):
        told.append(image_size)
        return nn.Sequential(tssd.TimeFold(nn.Flatten(), nn.Linear(96, 10)), tssd.LIF())

    put(build, needs(GivenData({"train": wide, "test": wide}), exits=False))
    assert told == [(8, 12)]


def test_networks_that_are_not_told_say_how_many_classes_there_are():
    few = GivenData({"train": digits(0, 5), "test": digits(0, 5)})
    assert few.classes_seen == 5
    config, _ = put(Mlp, needs(few))
    assert len(few.class_names) == 10
    assert config["net"] == {"class_path": f"{Mlp.__module__}.Mlp", "init_args": {}}
    few = GivenData({"train": digits(0, 5), "test": digits(0, 5)})
    put(two_stages, needs(few))
    assert len(few.class_names) == 5


@pytest.mark.parametrize("taps", ["1", 1, ["1"]])
def test_one_place_of_an_exit_is_as_good_as_a_list_of_one(taps):
    assert [*put(plain_mlp(), needs(taps=taps))[1]["net"]().places] == ["1"]


def test_names_are_looked_up():
    assert put("vgg9")[0]["net"]["class_path"] == "tssd.models.vgg9"
    with pytest.raises(UsageError, match="^net: 'vgg99' is neither a known class"):
        put("vgg99")


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (3, "^net: got a int, expected a torch.nn.Module, what builds one, or a name"),
        (lambda: 3, "^net: <lambda> returned a int, expected a torch.nn.Module"),
        (
            lambda wide, *, deep, fast=True: 3,
            r"^net: <lambda> needs wide, deep, .*\(<lambda>, wide=.*",
        ),
        (nn.Linear, "^net: Linear needs in_features, out_features, expected what builds"),
        (nn.Sequential(nn.Flatten()), "^taps: no spiking layer is known in Sequential"),
    ],
)
def test_what_is_no_network_is_refused(net, words):
    with pytest.raises(UsageError, match=words):
        put(net)


def test_networks_that_do_not_fit_the_data_are_refused():
    wrong = TensorDataset(torch.rand(8, 3, 8, 8), torch.arange(8))
    data = GivenData({"train": wrong, "test": wrong})
    with pytest.raises(UsageError, match=r"Mlp does not fit the samples \[3, 8, 8\]"):
        put(Mlp(), needs(data))
    for taps in ([2], 2):
        with pytest.raises(UsageError, match="^taps: got .2., but Mlp is a plain module: name mod"):
            put(Mlp(), needs(taps=taps))
    fold = tssd.TimeFold(nn.Flatten(), nn.Linear(64, 12))
    with pytest.raises(UsageError, match="returns 12 logits, but the data has 10 classes"):
        put(nn.Sequential(fold, tssd.LIF()), needs(Digits(image_size=8), exits=False))
