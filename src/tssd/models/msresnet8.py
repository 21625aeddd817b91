"""MS-ResNet-8: seven convolutions with shortcuts of currents, accurate soon on a CPU."""

from tssd.image_size import ImageSize
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import CurrentShortcutBlock, conv_pool_norm_neuron, global_pool_head
from tssd.models.resnet import resnet
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm

# Output channels and blocks of the stages behind the first layer, which has those of the first.
MSRESNET8_STAGES = ((64, 1), (128, 1), (256, 1))


def msresnet8(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """MS-ResNet-8: seven 3x3 convolutions at a half, a quarter and an eighth of the image's side.

    Images are the same at every timestep, and so is what the first layer and its pool make of
    them: they are computed once for all T, and nothing spikes at the full size.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; pools round up.
        width: factor on the channels of all convolutions.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: our own; its block is that of MS-ResNet, see `CurrentShortcutBlock`.
    """
    return resnet(
        MSRESNET8_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=CurrentShortcutBlock,
        stem=conv_pool_norm_neuron,
        stem_stride=2,
        head=global_pool_head,
    )
