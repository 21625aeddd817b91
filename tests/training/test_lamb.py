import sys

import pytest
import torch

from tssd.errors import UsageError
from tssd.training.lamb import Lamb


def test_a_step_is_as_long_as_the_weights_norm_says():
    weight = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    weight.grad = torch.tensor([0.3, -0.1])
    Lamb([weight], lr=0.1, weight_decay=0.01).step()
    # Adam's first step is the gradient's sign, plus the decay; its length becomes |w| = 5.
    direction = torch.tensor([1.0, -1.0]) + 0.01 * torch.tensor([3.0, 4.0])
    expected = torch.tensor([3.0, 4.0]) - 0.1 * 5 * direction / direction.norm()
    torch.testing.assert_close(weight.detach(), expected, rtol=1e-4, atol=0)


def test_its_options_are_those_of_the_optimiser():
    options = {"lr": 0.5, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}
    options |= {"max_grad_norm": None}
    (group,) = Lamb([torch.nn.Parameter(torch.zeros(2))], **options).param_groups
    assert {name: group[name] for name in options} == options


def test_without_timm_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm.optim.lamb", None)
    with pytest.raises(UsageError, match=r"pip install 'tssd\[timm\]'"):
        Lamb([torch.nn.Parameter(torch.zeros(1))])
