"""The same narrow networks twice: SpikingJelly's and the built-in ones."""

from contextlib import contextmanager
from functools import partial

import pytest
import torch
import torchvision
from torch import nn

from tssd.models import (
    StagedNet,
    msresnet18,
    plif_net,
    sewresnet34,
    standard_resnet34,
    vgg11,
    vgg16,
)
from tssd.models.plif_nets import (
    CIFAR10_STAGES,
    CIFAR10DVS_STAGES,
    GESTURE_STAGES,
    MNIST_STAGES,
)
from tssd.models.pool import max_pool
from tssd.models.residual import CurrentAddBlock
from tssd.models.resnet import pooled_stem, resnet
from tssd.neurons import LIF, PLIF
from tssd.norms import pooled_batch_norm
from tssd.surrogates import ATan

pytest.importorskip("spikingjelly", reason="needs the extra: pip install tssd[interop]")
from spikingjelly.activation_based import functional, layer, neuron, surrogate  # noqa: E402
from spikingjelly.activation_based.model import (  # noqa: E402
    ms_resnet,
    parametric_lif_net,
    sew_resnet,
    spiking_resnet,
    spiking_vgg,
)

K = 5
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


@contextmanager
def narrow(by):
    """SpikingJelly's networks, which have no option for it, are built `by` times narrower."""

    class Conv2d(layer.Conv2d):
        def __init__(self, a, b, *given, **options):
            super().__init__(a // by or a, b // by, *given, **options)

    class Linear(layer.Linear):
        def __init__(self, a, b, **options):
            super().__init__(a // by, b // by or b, **options)

    class BatchNorm2d(layer.BatchNorm2d):
        def __init__(self, channels, **options):
            super().__init__(channels // by, **options)

    with pytest.MonkeyPatch.context() as patch:
        for kind in (Conv2d, Linear, BatchNorm2d):
            patch.setattr(layer, kind.__name__, kind)
        yield


def our_vgg11(make, norm=pooled_batch_norm):
    """As SpikingJelly has it."""
    return vgg11(
        3,
        K,
        width=1 / 64,
        pool=max_pool,
        hidden=(4096, 4096),
        hidden_dropout=0.5,
        head_norm=False,
        neuron=make,
        norm=norm,
    )


def our_spiking_resnet(make):
    """A block a stage."""
    options = {"block": CurrentAddBlock, "neuron": make, "stem": pooled_stem, "stem_stride": 4}
    return resnet(STAGES, 3, K, 32, width=1 / 16, **options)


# Name: how SpikingJelly's is built, how ours is, the shape of a sample, how much narrower both are.
TWINS = {
    "vgg11_bn": (
        lambda: spiking_vgg.spiking_vgg11_bn(num_classes=K, spiking_neuron=THEIR_LIF),
        lambda: our_vgg11(OUR_LIF),
        (3, 32, 32),
        64,
    ),
    "vgg11": (
        lambda: spiking_vgg.spiking_vgg11(num_classes=K, spiking_neuron=THEIR_PLIF),
        lambda: our_vgg11(OUR_PLIF, nn.Identity),
        (3, 32, 32),
        64,
    ),
    "nmnist": (
        lambda: parametric_lif_net.NMNISTNet(2, spiking_neuron=THEIR_PLIF),
        lambda: plif_net(((2,), (2,)), 2, 10, 34, head_norm=False, bias=True, neuron=OUR_PLIF),
        (2, 34, 34),
        1,
    ),
    "sew_resnet34": (
        lambda: sew_resnet.sew_resnet34(cnf="ADD", num_classes=K, spiking_neuron=THEIR_PLIF),
        lambda: sewresnet34(3, K, 32, width=1 / 16, large_stem=True, neuron=OUR_PLIF),
        (3, 32, 32),
        16,
    ),
    "spiking_resnet": (
        lambda: spiking_resnet.SpikingResNet(
            spiking_resnet.BasicBlock, [1] * 4, K, spiking_neuron=THEIR_PLIF
        ),
        lambda: our_spiking_resnet(OUR_PLIF),
        (3, 32, 32),
        16,
    ),
    "ms_resnet18": (
        lambda: ms_resnet.MSResNet(num_classes=K, base_channels=4, spiking_neuron=THEIR_PLIF),
        lambda: msresnet18(3, K, 32, width=1 / 16, large_stem=True, neuron=OUR_PLIF),
        (3, 32, 32),
        1,
    ),
}


def of_plif(name, stages, *given, **options):
    """SpikingJelly's of that name, and ours."""
    theirs = getattr(parametric_lif_net, name)
    ours = partial(plif_net, stages, *given, head_norm=False, bias=True, neuron=PLIF, **options)
    return partial(theirs, spiking_neuron=neuron.ParametricLIFNode), ours


FULL_SIZE = {
    "vgg11_bn": (
        partial(spiking_vgg.spiking_vgg11_bn, spiking_neuron=neuron.LIFNode),
        partial(vgg11, 3, 1000, 224, pool=max_pool, hidden=(4096, 4096), head_norm=False),
    ),
    "torchvision's vgg16_bn": (
        torchvision.models.vgg16_bn,
        partial(vgg16, 3, 1000, 224, grid=7, pool=max_pool, hidden=(4096, 4096), head_norm=False),
    ),
    "sew_resnet34": (
        partial(sew_resnet.sew_resnet34, cnf="ADD", spiking_neuron=neuron.IFNode),
        sewresnet34,
    ),
    "spiking_resnet34": (
        partial(spiking_resnet.spiking_resnet34, spiking_neuron=neuron.IFNode),
        standard_resnet34,
    ),
    "ms_resnet18": (
        partial(ms_resnet.ms_resnet18, spiking_neuron=neuron.ParametricLIFNode),
        partial(msresnet18, neuron=PLIF),
    ),
    "mnist": of_plif("MNISTNet", MNIST_STAGES, 1, 10, 28),
    "cifar10": of_plif("CIFAR10Net", CIFAR10_STAGES, 3, 10, 32),
    "cifar10dvs": of_plif("CIFAR10DVSNet", CIFAR10DVS_STAGES, 2, 10, 128, hidden=512),
    "gesture": of_plif("DVSGestureNet", GESTURE_STAGES, 2, 11, 128, hidden=512),
}


def twins(name: str) -> tuple[nn.Module, StagedNet, tuple[int, int, int]]:
    """SpikingJelly's network with weights, norms and statistics of any kind, and ours, untouched.

    Both in double precision, so that no rounding makes a spike.
    """
    make_theirs, make_ours, shape, by = TWINS[name]
    torch.manual_seed(0)
    with narrow(by):
        theirs = make_theirs().double()
    ours = make_ours().double()
    functional.set_step_mode(theirs, "m")
    with torch.no_grad():
        for key, value in theirs.state_dict().items():
            if key.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif value.dim() > 1:  # so large that neurons fire in layers without a norm
                value.normal_(0, 3 / value[0].numel() ** 0.5)
            elif value.is_floating_point():
                value.add_(0.1 * torch.randn_like(value))
    return theirs, ours, shape
