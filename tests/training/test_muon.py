import sys

import pytest
import torch

from tssd.errors import UsageError
from tssd.training import muon as module
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


@pytest.mark.parametrize("fast", [True, False])
def test_steps_are_computed_in_bfloat16_only_where_that_is_fast(monkeypatch, fast):
    timms = pytest.importorskip("timm.optim.muon", reason="needs the extra: pip install tssd[timm]")
    own, found = timms.zeropower_via_newtonschulz, []

    def spy(*args, **options):
        found.append(own(*args, **options))
        return found[-1]

    monkeypatch.setattr(timms, "zeropower_via_newtonschulz", spy)
    monkeypatch.setattr(module, "has_fast_bfloat16", lambda device: fast)
    filters = torch.nn.Parameter(torch.zeros(4, 8))
    filters.grad = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    optimizer = Muon([filters])
    optimizer.step()
    assert [step.dtype for step in found] == [torch.bfloat16 if fast else torch.float32]
    # Others find timm as it was, whatever came of the step.
    with pytest.raises(ZeroDivisionError):
        optimizer.step(lambda: 1 / 0)
    assert timms.zeropower_via_newtonschulz is spy


def test_its_options_are_those_of_the_optimiser():
    options = {"lr": 0.5, "momentum": 0.8, "nesterov": False, "weight_decay": 0.1}
    (group,) = Muon([torch.nn.Parameter(torch.zeros(2, 2))], **options).param_groups
    assert {name: group[name] for name in options} == options


def test_without_timm_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm.optim.muon", None)
    with pytest.raises(UsageError, match=r"pip install 'tssd\[timm\]'"):
        Muon([torch.nn.Parameter(torch.zeros(1))])
