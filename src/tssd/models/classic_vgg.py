"""VGG-11 and VGG-16: five pools, and one or more linear layers behind them."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from tssd.errors import UsageError
from tssd.image_size import ImageSize
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import Shape, scaled
from tssd.models.dropout import SharedDropout, check_share
from tssd.models.linear import check_layers, linear_neurons
from tssd.models.pool import AvgPool2x2
from tssd.models.vgg import biased_layer, check_halved, vgg
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold

# Output channels of the convolutions, stage by stage: A and D of Simonyan and Zisserman.
VGG11_STAGES = ((64,), (128,), (256, 256), (512, 512), (512, 512))
VGG16_STAGES = ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3)


def vgg11(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    pool: Callable[[], nn.Module] = AvgPool2x2,
    dropout: float = 0.0,
    grid: int | None = 7,
    hidden: Sequence[int] = (),
    hidden_dropout: float = 0.0,
    head_norm: bool = True,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """VGG-11: eight 3x3 convolutions with biases in five stages, and a linear layer on a 7x7 map.

    DSR has dropout 0.1, SLTT 0.3. SpikingJelly's `spiking_vgg11_bn` is max pools and hidden layers
    [4096, 4096] with hidden_dropout 0.5.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 32: five pools halve
            it.
        width: factor on the channels of all layers; 1 = the source's.
        pool: builds one pool that halves an image, rounding down.
        dropout: share of the spikes of each convolution that training leaves out, the same at
            every timestep.
        grid: side of the map that the linear layers see, to which the last one is averaged, or
            repeated if it is smaller; None = as it is.
        hidden: neurons of each linear layer in front of the last.
        hidden_dropout: share of the spikes of each of these that training leaves out.
        head_norm: whether each of these has a norm in place of a bias. The sources have none;
            without it the paper's neuron hardly fires there.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 32, width <= 0, an option out of range.
    Source: Meng et al. 2022 and 2023 (DSR, arXiv 2205.00459; SLTT, arXiv 2302.14311), vgg.py of
        https://github.com/qymeng94/DSR and spiking_vgg_bn.py of https://github.com/qymeng94/SLTT.
        DSR draws dropout anew at every timestep, and has a norm and a neuron behind its last layer.
    """
    return _classic(
        VGG11_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        pool=pool,
        dropout=dropout,
        grid=grid,
        hidden=hidden,
        hidden_dropout=hidden_dropout,
        head_norm=head_norm,
        neuron=neuron,
        norm=norm,
    )


def vgg16(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    pool: Callable[[], nn.Module] = AvgPool2x2,
    dropout: float = 0.0,
    grid: int | None = 1,
    hidden: Sequence[int] = (),
    hidden_dropout: float = 0.0,
    head_norm: bool = True,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """VGG-16: thirteen 3x3 convolutions with biases in five stages, their mean, a linear layer.

    MLF's has hidden layers [512, 256] with hidden_dropout 0.25; SpikingJelly's `spiking_vgg16_bn`
    max pools, grid 7 and hidden layers [4096, 4096] with hidden_dropout 0.5.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 32: five pools halve
            it.
        width: factor on the channels of all layers; 1 = the source's.
        pool: builds one pool that halves an image, rounding down.
        dropout: share of the spikes of each convolution that training leaves out, the same at
            every timestep.
        grid: side of the map that the linear layers see, to which the last one is averaged, or
            repeated if it is smaller; None = as it is.
        hidden: neurons of each linear layer in front of the last.
        hidden_dropout: share of the spikes of each of these that training leaves out.
        head_norm: whether each of these has a norm in place of a bias. The sources have none;
            without it the paper's neuron hardly fires there.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 32, width <= 0, an option out of range.
    Source: vggcifar.py of https://github.com/yfguo91/IM-Loss-Information-Maximization-Loss-for-
        Spiking-Neural-Networks (Guo et al. 2022); RMP-Loss and Real Spike, of the same authors,
        name the network only. Theirs begins with weights 140 times smaller, which norms undo.
    """
    return _classic(
        VGG16_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        pool=pool,
        dropout=dropout,
        grid=grid,
        hidden=hidden,
        hidden_dropout=hidden_dropout,
        head_norm=head_norm,
        neuron=neuron,
        norm=norm,
    )


def _classic(
    stages: Sequence[Sequence[int]],
    in_channels: int,
    num_classes: int,
    image_size: ImageSize,
    *,
    width: float,
    pool: Callable[[], nn.Module],
    dropout: float,
    grid: int | None,
    hidden: Sequence[int],
    hidden_dropout: float,
    head_norm: bool,
    neuron: MakeNeuron,
    norm: MakeNorm,
) -> StagedNet:
    check_halved(image_size, len(stages))
    check_share("dropout", dropout)
    check_share("hidden_dropout", hidden_dropout)
    check_layers("hidden", hidden)
    if grid is not None and grid < 1:
        raise UsageError(f"grid: got {grid}, expected a side >= 1, or null for the map as it is")

    def layer(*given: Any) -> nn.Module:
        made = biased_layer(*given)
        return made.append(SharedDropout(dropout)) if dropout else made

    def head(shape: Shape, classes: int) -> nn.Module:
        channels, height, width_ = shape[0], shape[1] // 2, shape[2] // 2
        pooled: list[nn.Module] = [pool()]
        if grid is not None:
            pooled.append(nn.AdaptiveAvgPool2d(grid))
            height = width_ = grid
        features = channels * height * width_
        neurons = [scaled(n, width) for n in hidden]
        return nn.Sequential(
            TimeFold(*pooled, nn.Flatten()),
            *linear_neurons(
                features, neurons, neuron, norm if head_norm else None, dropout=hidden_dropout
            ),
            TimeFold(nn.Linear(neurons[-1] if neurons else features, classes)),
        )

    return vgg(
        stages,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=layer,
        pool=pool,
        head=head,
    )
