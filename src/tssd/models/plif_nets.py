"""The networks of PLIF's paper: the last layer spikes, and ten neurons vote for a class."""

from collections.abc import Callable, Sequence

from torch import nn

from tssd.errors import UsageError
from tssd.image_size import ImageSize
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import Shape, scaled
from tssd.models.dropout import SharedDropout, check_share
from tssd.models.linear import check_layers, linear_neurons
from tssd.models.pool import max_pool
from tssd.models.vgg import check_halved, vgg
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold

# Output channels of the convolutions, stage by stage; MNIST's serve Fashion-MNIST and N-MNIST too.
MNIST_STAGES = ((128,), (128,))
CIFAR10_STAGES = ((256,) * 3, (256,) * 3)
CIFAR10DVS_STAGES = ((128,),) * 4
GESTURE_STAGES = ((128,),) * 5


def plif_net(
    stages: Sequence[Sequence[int]],
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    hidden: int = 2048,
    dropout: float = 0.5,
    head_norm: bool = True,
    bias: bool = False,
    votes: int = 10,
    width: float = 1.0,
    pool: Callable[[], nn.Module] = max_pool,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """Convolutions with a pool behind each stage, two linear layers of neurons, and a vote.

    The logit of a class is the mean of its neurons' spikes, so that it is between 0 and 1: the
    loss of its paper is a squared error, and cross entropy can't fall far.

    Args:
        stages: output channels of the 3x3 convolutions, stage by stage.
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width); pools round down.
        hidden: neurons of the linear layer between convolutions and voters.
        dropout: share of the spikes that training leaves out in front of both linear layers, the
            same at every timestep.
        head_norm: whether both linear layers have a norm in place of a bias. The source has none;
            without it voters hardly fire at first, PLIF's neurons included.
        bias: whether linear layers without a norm have one.
        votes: neurons that vote for a class.
        width: factor on the channels and the hidden neurons.
        pool: builds one pool that halves an image, rounding down.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: an image that the pools use up, width <= 0, an option out of range.
    Source: Fang et al. 2021, arXiv 2007.05785, codes/models.py of
        https://github.com/fangwei123456/Parametric-Leaky-Integrate-and-Fire-Spiking-Neuron, and
        SpikingJelly's `parametric_lif_net`, which has biases. UNCERTAIN: the public code has 2048
        hidden neurons for CIFAR10-DVS, SpikingJelly 512; for CIFAR-10 it has no second dropout.
    """
    check_halved(image_size, len(stages))
    check_share("dropout", dropout)
    check_layers("hidden", [hidden])
    if votes < 1:
        raise UsageError(f"votes: got {votes}, expected at least 1 neuron for a class")

    made_by = norm if head_norm else None

    def head(shape: Shape, classes: int) -> nn.Module:
        channels, height, width_ = shape
        features, neurons = channels * (height // 2) * (width_ // 2), scaled(hidden, width)
        return nn.Sequential(
            TimeFold(pool(), nn.Flatten()),
            *([SharedDropout(dropout)] if dropout else []),
            *linear_neurons(features, [neurons], neuron, made_by, dropout=dropout, bias=bias),
            *linear_neurons(neurons, [votes * classes], neuron, made_by, bias=bias),
            TimeFold(nn.Unflatten(1, (1, -1)), nn.AvgPool1d(votes), nn.Flatten()),
        )

    return vgg(
        stages,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        pool=pool,
        head=head,
    )
