import dataclasses
import json

import pytest

import tssd
from evaluation.nets import PencilNet, firing_net, labelled_images, pencil_images
from tssd.evaluation import evaluate


@pytest.fixture(scope="module")
def result():
    net = firing_net(tssd.vgg9)
    criterion = tssd.tssd(1, 2).connect(net).double()
    return evaluate(net, labelled_images(6), 2, criterion=criterion)


def test_to_dict_survives_json(result):
    plain = result.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_to_dict_holds_every_field_and_the_constants(result):
    plain = result.to_dict()
    assert list(plain) == [field.name for field in dataclasses.fields(result)]
    assert plain["accuracy"] == list(result.accuracy)
    assert plain["confusion"] == [list(row) for row in result.confusion]
    assert plain["operations"]["energy_model"]["mac_pj"] == 4.6
    assert "once if the input is the same" in plain["operations"]["rule"]
    assert plain["operations"]["layers"]["stages.0.0.0.0"]["kind"] == "mac"
    assert plain["early_exit"]["1"]["thresholds"][0] == 0.0


def test_what_was_not_measured_is_none():
    labels = tssd.repeat_in_time(pencil_images(1), 1).new_zeros(1).long()
    plain = evaluate(PencilNet(), [(pencil_images(1), labels)], 1, costs=False).to_dict()
    not_measured = ("operations", "firing_rates", "mean_firing_rate")
    assert all(plain[name] is None for name in not_measured)


def test_a_result_can_not_be_changed(result):
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.samples = 0
