"""A network on CUDA is that on the CPU: logits, gradients, evaluation, prediction, memory."""

import copy

import pytest
import torch
from sklearn.datasets import load_digits

import tssd
from tssd.evaluation import evaluate
from tssd.surrogates import Rectangular, Sigmoid

MIB = 2**20


def step(net, criterion, x, y):
    """Logits and gradients of one training step, on the CPU."""
    out = net(tssd.repeat_in_time(x, 4))
    parameters = [*net.parameters(), *criterion.parameters()]
    grads = torch.autograd.grad(criterion.run(net, x, y).total, parameters)
    return [out.logits.detach().cpu(), *(grad.cpu() for grad in grads)]


# In float64 no spike hangs on how a sum is rounded.
@pytest.mark.parametrize("surrogate", [Rectangular(), Sigmoid(4)])
@pytest.mark.parametrize("v_reset", [None, 0.0])
def test_a_training_step_is_that_of_the_cpu(surrogate, v_reset):
    torch.manual_seed(0)
    net = tssd.vgg9(
        width=1 / 8,
        image_size=16,
        neuron=lambda: tssd.LIF(surrogate=surrogate, v_reset=v_reset),
    ).double()
    criterion = tssd.tssd(student=2, teacher=4).connect(net).double()
    x, y = torch.randn(6, 3, 16, 16).double(), torch.arange(6)
    there = copy.deepcopy((net, criterion))
    for module in there:
        module.cuda()
    expected, found = step(net, criterion, x, y), step(*there, x.cuda(), y.cuda())
    assert expected[0].std() > 0.01
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-8)


def test_an_evaluation_is_that_of_the_cpu():
    torch.manual_seed(0)
    net = tssd.vgg9(width=1 / 8, image_size=16).double()
    batches = [(torch.randn(20, 3, 16, 16).double(), torch.arange(20) % 10)]
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    net(tssd.repeat_in_time(batches[0][0], 4))  # statistics that let spikes through
    here = evaluate(net, batches, 4)
    assert min(rates[-1] for rates in here.firing_rates.values()) > 0.01
    there = evaluate(net.cuda(), batches, 4)
    assert there.accuracy == here.accuracy
    for name, rates in here.firing_rates.items():
        assert there.firing_rates[name] == pytest.approx(rates)
    assert there.mean_firing_rate == pytest.approx(here.mean_firing_rate)
    assert there.nll == pytest.approx(here.nll)


def test_a_run_predicts_on_the_device(trained):
    images = load_digits().images[:200] / 16
    here = tssd.load(trained).predict(images, timesteps=4)
    there = tssd.load(trained, device="cuda").predict(images, timesteps=4)
    # In float32 a spike at the threshold may fall either way.
    assert (here.classes[-1].cpu() == there.classes[-1].cpu()).float().mean() > 0.97


def peak(timesteps):
    net = tssd.vgg9(width=0.25).cuda()
    criterion = tssd.tssd(student=1, teacher=timesteps).connect(net)
    x, y = torch.randn(32, 3, 32, 32, device="cuda"), torch.zeros(32, device="cuda").long()
    criterion.run(net, x, y).total.backward()
    idle = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    criterion.run(net, x, y).total.backward()
    return torch.cuda.max_memory_allocated() - idle


def test_memory_of_a_step_grows_with_t_and_no_faster():
    few, many = peak(4), peak(8)
    assert few > MIB
    assert many < 2.1 * few
