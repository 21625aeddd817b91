"""Networks as tappable stages."""

from tssd.models.base import MakeNeuron, MakeNorm, NetOutput, SpikingNet, StagedNet, Tap
from tssd.models.flow import Block, Run
from tssd.models.mlp import mlp
from tssd.models.msresnet8 import msresnet8
from tssd.models.resnet import resnet18, resnet34
from tssd.models.vgg import vgg9

__all__ = [
    "Block",
    "MakeNeuron",
    "MakeNorm",
    "NetOutput",
    "Run",
    "SpikingNet",
    "StagedNet",
    "Tap",
    "mlp",
    "msresnet8",
    "resnet18",
    "resnet34",
    "vgg9",
]
