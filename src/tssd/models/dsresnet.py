"""DS-ResNets of MLF: blocks that add spikes, in three stages."""

from tssd.image_size import ImageSize
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import SpikeAddBlock
from tssd.models.resnet import resnet
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm

# Output channels and blocks of the stages after the stem.
DSRESNET20_STAGES = ((64, 3), (128, 3), (256, 3))
DSRESNET14_STAGES = ((32, 2), (64, 2), (128, 2))


def dsresnet20(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """DS-ResNet-20: nine blocks of 64 to 256 channels, as for CIFAR-10.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; strides round up.
        width: factor on the channels of all convolutions; 1/4 = the paper's for DVS-Gesture.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: MLF, IJCAI 2022, doi 10.24963/ijcai.2022/343, and its public code. That for DVS-Gesture
        has one more norm, of the input and without scale and shift, which is left out here.
    """
    return resnet(
        DSRESNET20_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=SpikeAddBlock,
    )


def dsresnet14(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """DS-ResNet-14: six blocks of 32 to 128 channels, as for CIFAR10-DVS.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; strides round up.
        width: factor on the channels of all convolutions; 1 = the paper's.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: MLF, IJCAI 2022, doi 10.24963/ijcai.2022/343, and its public code.
    """
    return resnet(
        DSRESNET14_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=SpikeAddBlock,
    )
