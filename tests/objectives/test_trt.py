import math

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import SelfDistillation, TaskCrossEntropy, TemporalWeightPenalty, Timesteps

OUT, TARGET = NetOutput(torch.zeros(2, 1, 2)), torch.tensor([0])


def layer():
    made = nn.Linear(2, 1)
    made.weight.data = torch.tensor([[1.0, -2.0]])
    made.bias.data = torch.tensor([5.0])
    return made


def value(net, steps=2, **options):
    options = {"growth": math.log(2), "epsilon": 0.0} | options
    return TemporalWeightPenalty(**options).connect(net, Timesteps(1, steps))(OUT, TARGET)


def test_literal_value():
    # e^(d t) - 1 is 0, then 1, then 3: 1 + 4; 1/2 + 4/3; 1/4 + 4/7.
    assert value(layer()).item() == pytest.approx((5 + 11 / 6) / 2)
    assert value(layer(), 3).item() == pytest.approx((5 + 11 / 6 + 23 / 28) / 3)
    assert value(layer(), epsilon=1.0).item() == pytest.approx((5 + 1 / 3 + 1) / 2)


def test_gradient_by_hand():
    net = layer()
    value(net).backward()
    # 2 w at first; then d/dw of w^2/(1 + |w|), (2 w + w |w|)/(1 + |w|)^2: 3/4 and -8/9.
    assert net.weight.grad.flatten().tolist() == pytest.approx([(2 + 3 / 4) / 2, -(4 + 8 / 9) / 2])


@pytest.mark.parametrize("options", [{"steps": 1}, {"growth": 0.0, "steps": 7}])
def test_at_one_timestep_or_without_growth_it_is_weight_decay(options):
    net = layer()
    found = value(net, **options)
    assert found.item() == 5
    found.backward()
    assert net.weight.grad.tolist() == [[2, -4]] and net.bias.grad is None


@pytest.mark.parametrize(("growth", "steps"), [(0.5, 250), (0.5, 1500), (1000.0, 2)])
def test_long_after_the_beginning_nothing_is_left_of_the_penalty(growth, steps):
    # e^124 is more than float32 holds, and e^749 more than float64.
    net = layer()
    found = value(net, steps, growth=growth)
    found.backward()
    w = torch.tensor([1.0, 2.0]).double()
    few = range(min(steps, 100))
    each = [w**2 / (1 + math.expm1(growth * t if growth * t < 700 else 700) * w) for t in few]
    assert found.item() == pytest.approx(torch.stack(each).sum().item() / steps)
    assert net.weight.grad.isfinite().all() and net.weight.grad.any()


def test_what_is_not_trained_does_not_count():
    net = nn.Sequential(layer(), layer())
    net[0].weight.requires_grad_(False)
    assert value(net) == value(layer())


def test_the_weights_stay_the_network_s_and_learn_beside_the_labels():
    net = vgg9(num_classes=3, image_size=16, width=1 / 32)
    terms = {"task": TaskCrossEntropy(weight=0.0), "weights": TemporalWeightPenalty(weight=0.5)}
    criterion = SelfDistillation(terms, Timesteps(1, 4)).connect(net)
    assert not [*criterion.parameters()] and not criterion.state_dict()
    criterion.run(net, torch.rand(2, 3, 16, 16), torch.arange(2)).total.backward()
    for name, parameter in net.named_parameters():
        # Those of biases have one of the labels, which weigh nothing here.
        assert bool(parameter.grad.any()) == ("bias" not in name), name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"growth": -1.0}, "^growth: got -1.0, expected a finite number >= 0$"),
        ({"epsilon": math.inf}, "^epsilon: got inf"),
    ],
)
def test_refused(options, message):
    with pytest.raises(UsageError, match=message):
        TemporalWeightPenalty(**options)
