"""Networks as tappable stages."""

from tssd.models.base import MakeNeuron, MakeNorm, NetOutput, SpikingNet, StagedNet, Tap
from tssd.models.flow import Block, Run
from tssd.models.resnet import resnet18, resnet34
from tssd.models.vgg import vgg9
from tssd.models.vgg8 import vgg8

__all__ = [
    "Block",
    "MakeNeuron",
    "MakeNorm",
    "NetOutput",
    "Run",
    "SpikingNet",
    "StagedNet",
    "Tap",
    "resnet18",
    "resnet34",
    "vgg8",
    "vgg9",
]
