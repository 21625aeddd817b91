import sys

import pytest
import torch

from tssd.errors import UsageError
from tssd.training.muon import Muon


def test_a_step_is_orthogonal_for_filters_and_adams_for_norms():
    torch.manual_seed(0)
    filters, scale = torch.nn.Parameter(torch.zeros(4, 2, 2, 2)), torch.nn.Parameter(torch.ones(3))
    filters.grad, scale.grad = torch.randn(4, 2, 2, 2), torch.tensor([0.3, -2.0, 1e-3])
    Muon([filters, scale], lr=0.1).step()
    # All singular values of its [4, 8] matrix alike, as large as give a step of AdamW's length; the
    # iteration that finds them stops a little short.
    singular = torch.linalg.svdvals(filters.detach().flatten(1)) / (0.1 * 0.2 * 8**0.5)
    assert singular.min() > 0.6 and singular.max() < 1.3
    assert torch.linalg.cond(filters.grad.flatten(1)) > 2
    # Adam's first step is the gradient's sign; Nesterov's look ahead adds 0.9 of it.
    moved = -0.1 * 1.9 * scale.grad.sign()
    torch.testing.assert_close(scale.detach(), 1 + moved, rtol=1e-3, atol=0)


def test_without_timm_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm.optim.muon", None)
    with pytest.raises(UsageError, match=r"pip install 'tssd\[timm\]'"):
        Muon([torch.nn.Parameter(torch.zeros(1))])
