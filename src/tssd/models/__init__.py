"""Networks as tappable stages."""

from tssd.models.base import NetOutput, SpikingNet, StagedNet, Tap
from tssd.models.flow import Block
from tssd.models.resnet import resnet18
from tssd.models.vgg import vgg9

__all__ = ["Block", "NetOutput", "SpikingNet", "StagedNet", "Tap", "resnet18", "vgg9"]
