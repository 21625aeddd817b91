"""A network: a block of its own in a table of stages."""

from torch import Tensor, nn

from tssd.models import Block, MakeNeuron, MakeNorm, Run, StagedNet
from tssd.models.blocks import conv_norm_neuron
from tssd.models.resnet import resnet
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm

# Output channels and blocks of the stages after the stem; all but the first halve the image.
STAGES = ((64, 1), (128, 1), (256, 1))


class IandBlock(Block):
    """Residual block that stays binary: a spike of the branch stops the shortcut's.

    Shapes: [T, N, c_in, H, W] -> [T, N, c_out, H/stride, W/stride], in {0, 1}.
    Source: SEW-ResNet, arXiv 2102.04159, table 1, IAND.
    """

    def __init__(
        self, c_in: int, c_out: int, neuron: MakeNeuron, norm: MakeNorm, stride: int = 1
    ) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm_neuron(c_in, c_out, neuron, norm, stride),
            conv_norm_neuron(c_out, c_out, neuron, norm),
        )
        same = stride == 1 and c_in == c_out
        self.shortcut = (
            nn.Identity() if same else conv_norm_neuron(c_in, c_out, neuron, norm, stride, kernel=1)
        )

    def flow(self, run: Run, x: Tensor) -> Tensor:
        """Spikes of the shortcut where the branch has none."""
        return (1 - run(self.branch, x)) * run(self.shortcut, x)


def iand_resnet(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: int = 32,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """A stem and three stages of one block.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: height and width of the input in pixels.
        width: factor on the channels of all convolutions.
        neuron: builds one spiking layer.
        norm: builds one norm from its channels.
    """
    return resnet(
        STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=IandBlock,
    )
