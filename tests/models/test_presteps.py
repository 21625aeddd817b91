"""Pre-steps count as timesteps, and decide nothing."""

from functools import partial

import pytest
import torch

from tssd.config.compose import layers
from tssd.config.recipe import merge
from tssd.errors import UsageError
from tssd.models import vgg9
from tssd.models.presteps import CountedPreSteps, counted_pre_steps
from tssd.neurons import LIF, QCFS
from tssd.objectives.exits import Exit
from tssd.testing import check_network
from tssd.time import repeat_in_time, running_mean


def test_means_by_hand():
    z = torch.tensor([1.0, 3.0, 10.0, 20.0, 60.0]).view(5, 1, 1)
    counted = CountedPreSteps(2).eval()
    # The means over 1 and 1, 3; then over 10; 10, 20; 10, 20, 60.
    assert running_mean(counted(z)).flatten().tolist() == pytest.approx([1, 2, 10, 15, 30])
    assert torch.equal(counted.train()(z), z)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_logits_of_low_precision_lose_nothing_more(dtype):
    torch.manual_seed(0)
    z, counted = torch.randn(9, 50, 4).to(dtype) + 3, CountedPreSteps(3).eval()
    expected = running_mean(counted(z.double()))
    torch.testing.assert_close(running_mean(counted(z).double()), expected, atol=1e-5, rtol=0)
    assert counted.train()(z).dtype == dtype


def test_a_network_decides_by_what_comes_after_the_pre_steps():
    torch.manual_seed(0)
    make = partial(vgg9, in_channels=1, image_size=16, width=1 / 32)
    neuron = partial(QCFS, v_threshold=0.1)
    plain, converted = make(neuron=neuron), make(neuron=partial(neuron, pre_steps=3))
    converted.load_state_dict(plain.state_dict())
    plain.eval(), converted.eval()
    x = repeat_in_time(torch.rand(4, 1, 16, 16), 7)
    means = running_mean(converted(x).logits.double())
    assert len(means.unique(dim=0)) > 4  # it fires
    torch.testing.assert_close(means[:3], running_mean(plain(x).logits.double())[:3])
    # The head's own logits, without the count: their mean over the later timesteps.
    converted.pre_steps = None
    own = converted(x).logits.double()
    torch.testing.assert_close(means[3:], running_mean(own[3:]), atol=1e-5, rtol=1e-5)


def test_networks_and_exits_with_pre_steps_keep_their_contracts():
    neuron = partial(QCFS, v_threshold=1.0, pre_steps=2)
    check_network(partial(vgg9, image_size=16, width=1 / 32, neuron=neuron), (3, 16, 16))
    early = Exit((4, 2, 2), 3, neuron=neuron)
    assert early.pre_steps is not None and early.pre_steps.pre_steps == 2
    assert Exit((4, 2, 2), 3).pre_steps is None
    assert vgg9(image_size=16, width=1 / 32).pre_steps is None


def test_different_pre_steps_are_refused():
    parts = [QCFS(pre_steps=2), LIF(), QCFS(pre_steps=4)]
    with pytest.raises(UsageError, match="pre_steps: got 2 and 4 in one network"):
        counted_pre_steps(parts)


def test_recipes():
    for part, student, longest in (("qcfs", 4, 8), ("srp", 5, 12)):
        config = merge(layers(f"cifar10+vgg9+{part}"))
        assert config["timesteps"] == {"student": student, "teacher": student}
        assert config["trainer"]["evaluate_timesteps"] == longest
    with pytest.raises(UsageError, match="tssd needs T_t > T_s, but with srp"):
        layers("digits+vgg9+srp+tssd")
    with pytest.raises(UsageError, match="qcfs is for images"):
        layers("nmnist+vgg9+qcfs")
    with pytest.raises(UsageError, match="qcfs and srp both set"):
        layers("digits+vgg9+qcfs+srp")
