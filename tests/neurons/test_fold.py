import pytest
import torch
from torch import nn

import tssd
from tssd.errors import UsageError
from tssd.models import vgg9
from tssd.neurons import MPBNLIF, folded
from tssd.neurons.mpbn import MembraneNorm, ThresholdLIF


def drawn(*modules):
    generator = torch.Generator().manual_seed(0)
    for module in modules:
        for part in module.modules():
            if isinstance(part, MembraneNorm):
                values = torch.rand(4, part.num_features, generator=generator)
                part.weight.data = 3 * values[0] - 1  # a third of them negative
                part.bias.data = values[1]
                part.running_mean, part.running_var = values[2] / 2, values[3] + 0.1
        module.double()


def test_a_network_that_is_folded_computes_the_same_and_stays_as_it_is():
    torch.manual_seed(0)
    net = vgg9(1, 5, 16, width=1 / 16, neuron=MPBNLIF)
    criterion = tssd.tssd(student=1, teacher=3).connect(net)
    drawn(net, criterion)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    x = torch.rand(3, 2, 1, 16, 16, dtype=torch.double)
    with torch.no_grad():
        fold = folded(net)
        expected = net.eval()(x, (0, 1))
        out = fold(x, (0, 1))
        for tap in (0, 1):
            assert torch.equal(out.taps[tap], expected.taps[tap])
        torch.testing.assert_close(out.logits, expected.logits)
        assert (out.logits[1] != out.logits[0]).all()
        exits = folded(criterion).add_exits(out).exits
        wanted = criterion.eval().add_exits(expected).exits
    for tap, logits in exits.items():
        torch.testing.assert_close(logits, wanted[tap])
    neurons = [part for part in fold.modules() if isinstance(part, ThresholdLIF)]
    assert len(neurons) == 8 and not any(isinstance(part, MPBNLIF) for part in fold.modules())
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())
    torch.testing.assert_close(fold.step(x[0], fold.initial_state(x[0]))[0], out.logits[0])


def test_a_neuron_alone_folds():
    assert isinstance(folded(MPBNLIF()), ThresholdLIF)


def test_what_does_not_fold_is_refused_by_name():
    with pytest.raises(UsageError, match="^net: StagedNet has no part that folds, such as"):
        folded(vgg9(1, 5, 16, width=1 / 64))
    soft = nn.Sequential(MPBNLIF(), nn.Sequential(MPBNLIF(v_reset=None, foldable=False)))
    with pytest.raises(UsageError, match=r"^1\.0: v_reset: got a soft reset"):
        folded(soft)
