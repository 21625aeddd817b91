import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.rules.gradient import SummedGradient, trained


@pytest.fixture
def three():
    return [nn.Parameter(torch.tensor([float(i), 2.0])) for i in (1, 2, 3)]


def summed(parameters):
    a, b, _ = parameters
    gradient = SummedGradient(parameters, "cpu")
    # a and b get one tensor between them, which a sum in place would count twice.
    for factor in (1.0, 10.0):
        total = ((a + b) * factor).sum()
        assert gradient.add([total], [torch.ones(())]) == []
    return gradient


def test_parts_add_up_and_are_handed_on(three):
    loss = summed(three).deliver(torch.tensor(4.0))
    assert loss.item() == 4
    (0.5 * loss).backward()
    assert [p.grad if p.grad is None else p.grad.tolist() for p in three] == [[5.5] * 2] * 2 + [
        None
    ]


def test_gradients_by_other_leaves_are_returned(three):
    gradient, leaf = SummedGradient(three, "cpu"), torch.tensor(3.0, requires_grad=True)
    unused = torch.zeros(2, requires_grad=True)
    found = gradient.add([leaf * three[0]], [torch.ones(2)], [leaf, unused])
    assert found[0] == 3
    assert found[1] is None
    assert gradient.add([torch.zeros(2)], [torch.ones(2)], [leaf]) == [None]
    gradient.deliver(torch.zeros(())).backward()
    assert three[0].grad.tolist() == [3, 3]


def test_a_loss_without_parameters_stays_as_it_is():
    loss = torch.tensor(2.0)
    assert SummedGradient([], "cpu").deliver(loss) is loss


def test_a_gradient_is_handed_on_once_and_has_none_itself(three):
    loss = summed(three).deliver(torch.tensor(4.0))
    with pytest.raises(UsageError, match="^create_graph: got True"):
        torch.autograd.grad(loss, three[0], create_graph=True)
    loss = summed(three).deliver(torch.tensor(4.0))
    loss.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        loss.backward()


def test_what_is_trained_is_found_once():
    layer = nn.Linear(2, 2)
    layer.bias.requires_grad_(False)
    both = nn.Sequential(layer, nn.Linear(2, 1))
    found = trained(layer, both, object())
    assert [p.shape for p in found] == [(2, 2), (1, 2), (1,)] and found[0] is layer.weight
    with torch.no_grad():
        assert trained(both) == []
