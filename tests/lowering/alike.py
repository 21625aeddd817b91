"""A network and its graph on the same input: what of their spikes and logits differs."""

import torch
from torch import nn

from tssd.lowering import LoweredNet, lower
from tssd.neurons import MLF, Neuron, RealSpike
from tssd.norms import TEBN


def trained(net, seed=0):
    """A network as after training: statistics, scales and shifts of all sizes, some negative."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for part in net.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.running_mean.uniform_(-0.3, 0.3)
                part.running_var.uniform_(0.05, 0.5)
                part.weight.uniform_(-0.4, 1.8)
                part.bias.uniform_(-0.2, 0.6)
            elif isinstance(part, RealSpike):
                part.scale.uniform_(0.3, 1.5)
            elif isinstance(part, TEBN):
                part.scale.fill_(1.3)
    return net.eval()


def own_spikes(net, x):
    """Logits of a network and the output of each of its neurons, from hooks."""
    found = {}

    def keep(name):
        return lambda part, inputs, output: found.__setitem__(name, output)

    hooks = [
        part.register_forward_hook(keep(name))
        for name, part in net.named_modules()
        if isinstance(part, Neuron)
    ]
    with torch.no_grad():
        logits = net(x).logits
    for hook in hooks:
        hook.remove()
    return logits, found


def assert_alike(net, shape, *, timesteps=3, logits=1e-5):
    """Every neuron spikes alike, and enough of them do; returns the graph."""
    x = torch.randn(timesteps, 2, *shape, generator=torch.Generator().manual_seed(1))
    graph = lower(net, shape)
    expected, outputs = own_spikes(net, x)
    with torch.no_grad():
        found, spikes = LoweredNet(graph).run(x)
    torch.testing.assert_close(found, expected, rtol=0, atol=logits)
    neurons = dict(net.named_modules())
    compared = 0
    for name, output in outputs.items():
        if isinstance(neurons[name], MLF):
            mine = sum(s for own, s in spikes.items() if own.startswith(f"{name}.levels."))
        else:
            mine, output = spikes[name], (output != 0).to(output)
        assert torch.equal(mine, output), name
        compared += int(output.sum())
    assert compared > 20 and len(outputs) == len(neurons_of(net))
    return graph


def neurons_of(net):
    """The neurons that are called: not the levels of one."""
    return [
        name
        for name, part in net.named_modules()
        if isinstance(part, Neuron) and ".levels." not in name
    ]
