"""The same narrow networks twice: SpikingJelly's and the built-in ones."""

from functools import partial

import pytest
import torch
from torch import nn

from tssd.models import Block, StagedNet, plif_net, vgg11
from tssd.models.blocks import SpikeAddBlock, build_neuron, conv_norm, conv_norm_neuron
from tssd.models.pool import max_pool
from tssd.models.resnet import resnet, resnet34
from tssd.neurons import LIF, PLIF
from tssd.norms import pooled_batch_norm
from tssd.surrogates import ATan
from tssd.time import TimeFold

pytest.importorskip("spikingjelly", reason="needs the extra: pip install tssd[interop]")
from spikingjelly.activation_based import functional, layer, neuron, surrogate  # noqa: E402
from spikingjelly.activation_based.model import (  # noqa: E402
    parametric_lif_net,
    sew_resnet,
    spiking_resnet,
    spiking_vgg,
)

K = 5
WIDTH = 64  # by how much VGGs are narrower
STAGES = ((64, 1), (128, 1), (256, 1), (512, 1))
THEIR_LIF = partial(
    neuron.LIFNode,
    decay_input=False,
    v_threshold=0.5,
    v_reset=None,
    detach_reset=True,
    surrogate_function=surrogate.ATan(),
)
THEIR_PLIF = partial(
    neuron.ParametricLIFNode,
    v_threshold=0.5,
    detach_reset=True,
    surrogate_function=surrogate.ATan(),
)
OUR_LIF = partial(LIF, v_threshold=0.5, detach_reset=True, surrogate=ATan())
OUR_PLIF = partial(PLIF, v_threshold=0.5)


class CurrentAdd(Block):
    """He et al.'s residual block: the neuron behind the addition."""

    def __init__(self, c_in, c_out, neuron, norm, stride=1):
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm_neuron(c_in, c_out, neuron, norm, stride), conv_norm(c_out, c_out, norm)
        )
        same = stride == 1 and c_in == c_out
        self.shortcut = nn.Identity() if same else conv_norm(c_in, c_out, norm, stride, kernel=1)
        self.neuron = build_neuron(neuron, c_out)

    def flow(self, run, x):
        return run(self.neuron, run(self.branch, x) + run(self.shortcut, x))


def their_vgg11(spiking_neuron, batch_norm):
    """SpikingJelly's, 64 times narrower; it has no option for that."""
    channels = [v if v == "M" else v // WIDTH for v in spiking_vgg.cfgs["A"]]
    linear = layer.Linear
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layer, "Linear", lambda a, b: linear(a // WIDTH, b // WIDTH or b))
        return spiking_vgg.SpikingVGG(
            channels,
            batch_norm,
            num_classes=K,
            init_weights=False,
            spiking_neuron=spiking_neuron,
        )


def our_vgg11(make, norm=pooled_batch_norm):
    """The same."""
    return vgg11(
        3,
        K,
        width=1 / WIDTH,
        pool=max_pool,
        hidden=(4096, 4096),
        hidden_dropout=0.5,
        neuron=make,
        norm=norm,
    )


def large_stem(c_in, c_out, make, norm, stride):
    """The stem for ImageNet."""
    first = conv_norm_neuron(c_in, c_out, make, norm, stride // 2, kernel=7)
    return nn.Sequential(first, TimeFold(nn.MaxPool2d(3, 2, padding=1)))


def our_resnet(block, make):
    """A block a stage."""
    return resnet(STAGES, 3, K, 32, block=block, neuron=make, stem=large_stem, stem_stride=4)


# Name: how SpikingJelly's is built, how ours is, and the shape of a sample.
TWINS = {
    "vgg11_bn": (
        lambda: their_vgg11(THEIR_LIF, batch_norm=True),
        lambda: our_vgg11(OUR_LIF),
        (3, 32, 32),
    ),
    "vgg11": (
        lambda: their_vgg11(THEIR_PLIF, batch_norm=False),
        lambda: our_vgg11(OUR_PLIF, nn.Identity),
        (3, 32, 32),
    ),
    "nmnist": (
        lambda: parametric_lif_net.NMNISTNet(2, spiking_neuron=THEIR_PLIF),
        lambda: plif_net(((2,), (2,)), 2, 10, 34, bias=True, neuron=OUR_PLIF),
        (2, 34, 34),
    ),
    "sew_resnet": (
        lambda: sew_resnet.SEWResNet(
            sew_resnet.BasicBlock, [1] * 4, K, cnf="ADD", spiking_neuron=THEIR_PLIF
        ),
        lambda: our_resnet(SpikeAddBlock, OUR_PLIF),
        (3, 32, 32),
    ),
    "spiking_resnet": (
        lambda: spiking_resnet.SpikingResNet(
            spiking_resnet.BasicBlock, [1] * 4, K, spiking_neuron=THEIR_PLIF
        ),
        lambda: our_resnet(CurrentAdd, OUR_PLIF),
        (3, 32, 32),
    ),
}


def of_plif(name, stages, *given, **options):
    """SpikingJelly's of that name, and ours."""
    theirs = getattr(parametric_lif_net, name)
    ours = partial(plif_net, stages, *given, bias=True, neuron=PLIF, **options)
    return partial(theirs, spiking_neuron=neuron.ParametricLIFNode), ours


FULL_SIZE = {
    "vgg11_bn": (
        partial(spiking_vgg.spiking_vgg11_bn, spiking_neuron=neuron.LIFNode),
        partial(vgg11, 3, 1000, 224, pool=max_pool, hidden=(4096, 4096)),
    ),
    "sew_resnet34": (
        partial(sew_resnet.sew_resnet34, cnf="ADD", spiking_neuron=neuron.IFNode),
        resnet34,
    ),
    "mnist": of_plif("MNISTNet", ((128,),) * 2, 1, 10, 28),
    "cifar10": of_plif("CIFAR10Net", ((256,) * 3,) * 2, 3, 10, 32),
    "cifar10dvs": of_plif("CIFAR10DVSNet", ((128,),) * 4, 2, 10, 128, hidden=512),
    "gesture": of_plif("DVSGestureNet", ((128,),) * 5, 2, 11, 128, hidden=512),
}


def twins(name: str) -> tuple[nn.Module, StagedNet, tuple[int, int, int]]:
    """SpikingJelly's network with weights, norms and statistics of any kind, and ours, untouched.

    Both in double precision, so that no rounding makes a spike.
    """
    make_theirs, make_ours, shape = TWINS[name]
    torch.manual_seed(0)
    theirs, ours = make_theirs().double(), make_ours().double()
    functional.set_step_mode(theirs, "m")
    with torch.no_grad():
        for key, value in theirs.state_dict().items():
            if key.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif value.is_floating_point():
                value.add_(0.1 * torch.randn_like(value))
    return theirs, ours, shape
