import pytest
import torch
from torch import nn

import tssd
from tssd.errors import UsageError
from tssd.parameter_options import parameter_groups


class Leak(nn.Module):
    """One parameter, of which it says what it is told to."""

    def __init__(self, said, parameter=None):
        super().__init__()
        self.leak = nn.Parameter(torch.ones(3)) if parameter is None else parameter
        self.said = said

    def parameter_options(self):
        return self.said


def net(*more):
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2), *more)


def test_without_special_parts_there_is_one_group_in_the_order_of_the_parameters():
    first, second = net(), nn.Linear(2, 2)
    second.bias.requires_grad_(False)
    (group,) = parameter_groups(first, second)
    assert group.keys() == {"params"}
    expected = [*first.parameters(), second.weight]
    assert [*map(id, group["params"])] == [*map(id, expected)]


def test_parts_say_what_their_parameters_take():
    slow, light = Leak({"leak": {"lr_factor": 0.1}}), Leak({"leak": {"weight_decay": 0.0}})
    whole = net(slow, light)
    rest, *special = parameter_groups(whole, lr=0.5)
    assert len(rest["params"]) == 6 and rest.keys() == {"params"}
    assert [group | {"params": 0} for group in special] == [
        {"params": 0, "lr": 0.05},
        {"params": 0, "weight_decay": 0.0},
    ]
    assert special[0]["params"][0] is slow.leak and special[1]["params"][0] is light.leak


def test_a_step_by_hand():
    part = Leak({"leak": {"lr_factor": 0.1, "weight_decay": 0.0}})
    plain = nn.Linear(1, 1, bias=False)
    nn.init.ones_(plain.weight)
    groups = parameter_groups(plain, part, lr=0.5)
    optimizer = torch.optim.SGD(groups, lr=0.5, weight_decay=0.2)
    (plain.weight.sum() + part.leak.sum()).backward()
    optimizer.step()
    assert plain.weight.item() == pytest.approx(1 - 0.5 * (1 + 0.2 * 1))
    assert part.leak.tolist() == pytest.approx([1 - 0.05] * 3)


def test_norms_and_biases_may_be_left_undecayed_and_a_part_of_its_own_counts_more():
    decayed = Leak({"bias": {"weight_decay": 0.3}})
    decayed.bias = nn.Parameter(torch.zeros(1))
    whole = net(nn.GroupNorm(1, 2), nn.MultiheadAttention(2, 1), decayed)
    groups = parameter_groups(whole, decay_norms_and_biases=False)
    names = {id(p): name for name, p in whole.named_parameters()}
    by_decay = {g.get("weight_decay"): {names[id(p)] for p in g["params"]} for g in groups}
    assert by_decay[None] == {
        "0.weight", "2.weight", "4.in_proj_weight", "4.out_proj.weight", "5.leak"
    }  # fmt: skip
    assert by_decay[0.0] == {
        "0.bias", "1.weight", "1.bias", "2.bias", "3.weight", "3.bias", "4.in_proj_bias",
        "4.out_proj.bias",
    }  # fmt: skip
    assert by_decay[0.3] == {"5.bias"}


def test_a_shared_parameter_counts_once_and_two_parts_may_agree_on_it():
    first = Leak({"leak": {"lr_factor": 0.1}})
    second = Leak({"leak": {"lr_factor": 0.1}}, first.leak)
    (group,) = parameter_groups(first, nn.Sequential(second), lr=1.0)
    assert len(group["params"]) == 1 and group["lr"] == 0.1


def test_two_parts_that_disagree_on_a_parameter_are_refused():
    first = Leak({"leak": {"lr_factor": 0.1}})
    second = Leak({"leak": {"weight_decay": 0.0}}, first.leak)
    with pytest.raises(UsageError, match=r"^1 \(Leak\): .*has \{'lr_factor': 0.1\} from 0 \(Leak"):
        parameter_groups(nn.Sequential(first, second), lr=1.0)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"leak": {"momentum": 0.1}}, "of 'leak': got 'momentum', expected one of weight_decay, l"),
        ({"leaks": {"lr_factor": 0.1}}, "name 'leaks', expected a parameter of its own: leak$"),
        ({"leak": {"lr_factor": -1}}, "lr_factor is -1, expected a finite number >= 0"),
        ({"leak": {"lr_factor": "0.1"}}, "lr_factor is '0.1', expected a finite number >= 0"),
        ({"leak": 0.1}, "of 'leak': got 0.1, expected a dict"),
        ([], r"returned \[\], expected a dict"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(said, message):
    with pytest.raises(UsageError, match=rf"^0 \(Leak\): .*{message}") as caught:
        parameter_groups(nn.Sequential(Leak(said)), lr=1.0)
    assert "\n" not in str(caught.value)


def test_a_share_of_a_rate_that_is_not_known_is_refused():
    with pytest.raises(UsageError, match=r"^lr: got none, but Leak, leak takes 0.1 times the opt"):
        parameter_groups(Leak({"leak": {"lr_factor": 0.1}}))


def test_it_is_one_line_for_users():
    net = tssd.vgg9(num_classes=3, image_size=16, width=1 / 64)
    criterion = tssd.tssd(1, 2).connect(net)
    optimizer = torch.optim.SGD(tssd.parameter_groups(net, criterion), lr=0.1)
    count = len([*net.parameters(), *criterion.parameters()])
    assert [len(group["params"]) for group in optimizer.param_groups] == [count]


@pytest.mark.parametrize("given", [[nn.Linear(1, 1)], nn.Linear(1, 1).parameters(), None])
def test_what_is_no_module_is_refused(given):
    with pytest.raises(UsageError, match="^parameter_groups: got a .*, expected modules one after"):
        parameter_groups(given, lr=0.1)
