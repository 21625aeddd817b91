"""Every norm, and the neuron with one, in a network that is trained a step."""

from functools import partial

import pytest
import torch

import tssd
from tssd.models import vgg
from tssd.neurons import LIF, MPBNLIF
from tssd.norms import TEBN, TdBN
from tssd.surrogates import Sigmoid

SMOOTH = Sigmoid()  # no neuron is without a gradient, wherever its membrane is
PARTS = {
    "tdbn": {"norm": partial(TdBN, v_threshold=0.5), "neuron": partial(LIF, surrogate=SMOOTH)},
    "tebn": {"norm": TEBN, "neuron": partial(LIF, surrogate=SMOOTH)},
    "mpbn": {"neuron": partial(MPBNLIF, surrogate=SMOOTH)},
}


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", PARTS)
def test_every_parameter_has_a_gradient_alone_and_with_tssd(name, precision):
    torch.manual_seed(0)
    x, y = torch.rand(6, 2, 8, 8), torch.arange(6) % 3
    for criterion in (tssd.vanilla(2), tssd.tssd(student=1, teacher=2)):
        net = vgg.vgg([(4,), (6,)], 2, 3, 8, **PARTS[name])
        criterion.connect(net)
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            total = criterion.run(net, x, y).total
        total.backward()
        assert total.isfinite()
        for module in (net, criterion):
            for which, parameter in module.named_parameters():
                grad = parameter.grad
                assert grad is not None and grad.isfinite().all() and grad.any(), which
                if which.endswith("scale"):
                    assert len(grad) == 2 and grad.all()
