import pytest
import torch

from tssd.errors import UsageError
from tssd.training.fit import fit
from tssd.training.frozen_parts import freeze, wake

from .nets import two_stages
from .runs import is_same, small, weights


def trained(net):
    return {name for name, parameter in net.named_parameters() if parameter.requires_grad}


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (["stages"], {"head.1.weight", "head.1.bias"}),
        (["stages.0", "head.*.bias"], {"stages.1", "head.1.weight"}),
        (["*.weight"], {"bias"}),
    ],
)
def test_modules_with_all_inside_and_parameters_are_frozen(names, left):
    net = two_stages(1, 10, 8)
    freeze(net, names)
    found = trained(net)
    assert found
    assert all(any(part in name for part in left) for name in found)
    assert all(any(part in name for name in found) for part in left)


def test_nothing_of_a_name_and_nothing_left_are_refused():
    net = two_stages(1, 10, 8)
    with pytest.raises(UsageError, match=r"^freeze: got 'stage', but nothing .*it has stages, st"):
        freeze(net, ["stage"])
    with pytest.raises(UsageError, match="^freeze: no parameter of the network is left to train"):
        freeze(net, ["stages", "head"])


def test_frozen_parts_and_their_statistics_stay_and_the_rest_learns(tmp_path):
    options = {"freeze": "[stages.0, stages.1.0]", "trainer.epochs": 2}
    before = {k: v.clone() for k, v in small(options).net.state_dict().items()}
    fit(small(options), tmp_path)
    after = weights(tmp_path)
    same = {name for name in before if torch.equal(before[name], after[name])}
    frozen = {name for name in before if name.startswith(("stages.0.", "stages.1.0."))}
    assert frozen <= same
    assert any("running_mean" in name for name in frozen)
    moved = {name for name in before if name.startswith(("stages.1.1.", "head."))}
    assert moved
    assert not moved & same


@pytest.mark.filterwarnings("ignore:Found 1 module.s. in eval mode")
def test_a_norm_in_eval_mode_keeps_its_statistics_beside_others_that_learn_theirs(tmp_path):
    parts = small({"trainer.epochs": 1})
    norms = [module for module in parts.net.modules() if hasattr(module, "running_mean")]
    norms[0].eval()
    before = [norm.running_mean.clone() for norm in norms]
    fit(parts, tmp_path)
    same = [torch.equal(norm.running_mean, old) for norm, old in zip(norms, before, strict=True)]
    assert same == [True, False]


def test_a_network_that_was_used_is_trained_as_one_that_was_not(tmp_path):
    parts = small({"trainer.epochs": 1})
    parts.net.eval()
    fit(parts, tmp_path / "used")
    fit(small({"trainer.epochs": 1}), tmp_path / "new")
    assert is_same(weights(tmp_path / "used"), weights(tmp_path / "new"))


def test_a_network_at_rest_is_woken_and_one_with_a_part_at_work_is_left():
    net = two_stages(1, 10, 8).eval()
    net.training = True  # as a wrapper around it
    wake(net)
    assert all(module.training for module in net.modules())
    net.stages.eval()
    wake(net)
    assert not any(module.training for module in net.stages.modules())
