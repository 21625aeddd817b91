"""ResNets as He et al. have them: the neuron of a block after the addition."""

from tssd.image_size import ImageSize
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.residual import CurrentAddBlock
from tssd.models.resnet import RESNET18_STAGES, RESNET34_STAGES, resnet, stem_for
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm


def standard_resnet18(
    in_channels: int = 3,
    num_classes: int = 1000,
    image_size: ImageSize = 224,
    *,
    width: float = 1.0,
    large_stem: bool | None = None,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """ResNet-18 with the neuron after the addition: eight blocks. `resnet18` has it before.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; strides round up.
        width: factor on the channels of all convolutions; 1 = the paper's.
        large_stem: whether the stem is that for ImageNet, 7x7 and a pool, or a 3x3 convolution;
            null = by the size, that for ImageNet from 224 pixels on.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: He et al. 2015, arXiv 1512.03385, table 1, with neurons for ReLU, as in SpikingJelly's
        spiking_resnet; it has the stem for ImageNet only.
    """
    stem, stem_stride = stem_for(image_size, large_stem)
    return resnet(
        RESNET18_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=CurrentAddBlock,
        stem=stem,
        stem_stride=stem_stride,
    )


def standard_resnet34(
    in_channels: int = 3,
    num_classes: int = 1000,
    image_size: ImageSize = 224,
    *,
    width: float = 1.0,
    large_stem: bool | None = None,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """ResNet-34 with the neuron after the addition: sixteen blocks. `resnet34` has it before.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; strides round up.
        width: factor on the channels of all convolutions; 1 = the paper's.
        large_stem: whether the stem is that for ImageNet, 7x7 and a pool, or a 3x3 convolution;
            null = by the size, that for ImageNet from 224 pixels on.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: He et al. 2015, arXiv 1512.03385, table 1, with neurons for ReLU, as in SpikingJelly's
        spiking_resnet; it has the stem for ImageNet only.
    """
    stem, stem_stride = stem_for(image_size, large_stem)
    return resnet(
        RESNET34_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=CurrentAddBlock,
        stem=stem,
        stem_stride=stem_stride,
    )
