"""Small networks and losses for rules, and the same network whose state passes no gradient."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from tssd.models.blocks import conv_norm_neuron
from tssd.models.vgg import vgg
from tssd.neurons import LIF, LIFState, Neuron, membrane_like
from tssd.norms import per_step_batch_norm
from tssd.objectives import (
    ExitCrossEntropy,
    Objective,
    SelfDistillation,
    SpatialDistillation,
    TaskCrossEntropy,
    TemporalDistillation,
    Timesteps,
)
from tssd.surrogates import Sigmoid
from tssd.time import TimeFold

T, N, K = 4, 5, 3
SURROGATE = Sigmoid(2.0)
lif = partial(LIF, surrogate=SURROGATE)


class DetachedLIF(Neuron):
    """LIF under plain autograd, whose membrane of the step before is a constant."""

    def initial_state(self, x_t):
        return LIFState(membrane_like(x_t))

    def step(self, x_t, state):
        h = state.v.detach() / 2 + x_t
        self.show_membrane(h)
        spikes = SURROGATE.spike(h - 1)
        return spikes.to(x_t.dtype), LIFState(h - spikes)


class StepwiseCrossEntropy(Objective):
    """Mean over timesteps of the cross entropy of each."""

    each_timestep = True

    def forward(self, out, target):
        return torch.stack([F.cross_entropy(z, target) for z in out.logits]).mean()


class MeanSquaredMembrane(Objective):
    """Mean of all squared membranes, layer by layer: a mean over timesteps, too."""

    needs_membranes = True
    each_timestep = True

    def forward(self, out, target):
        return torch.stack([h.square().mean() for h in out.membranes.values()]).mean()


def dropping(c_in, c_out, neuron, norm, stride):
    layer = conv_norm_neuron(c_in, c_out, neuron, norm, stride)
    return nn.Sequential(layer, TimeFold(nn.Dropout(0.3)))


def net(neuron=lif, **options):
    torch.manual_seed(0)
    return vgg(((4,), (6,)), 2, K, 4, neuron=neuron, **options).double()


def twin():
    """The same weights, to be trained through all timesteps."""
    return net(DetachedLIF, norm=per_step_batch_norm)


def terms_of(name):
    return {
        "tssd": {
            "task": TaskCrossEntropy(),
            "temporal": TemporalDistillation(weight=2.0),
            "spatial": SpatialDistillation(weight=0.5),
            "exit_task": ExitCrossEntropy(),
        },
        "each": {"stepwise": StepwiseCrossEntropy()},
        "mixed": {
            "task": TaskCrossEntropy(),
            "membranes": MeanSquaredMembrane(weight=0.1),
            "exit_task": ExitCrossEntropy(),
            "stepwise": StepwiseCrossEntropy(weight=0.3),
        },
    }[name]


def loss_of(net, name="tssd", *, timesteps=T):
    torch.manual_seed(1)
    student = min(2, timesteps - 1)
    return SelfDistillation(terms_of(name), Timesteps(student, timesteps)).connect(net)


def batch():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(T, N, 2, 4, 4, generator=generator, dtype=torch.double)
    return 2 * x, torch.tensor([0, 2, 1, 1, 0])


def gradients(*modules):
    return {
        f"{i}.{name}": p.grad for i, m in enumerate(modules) for name, p in m.named_parameters()
    }
