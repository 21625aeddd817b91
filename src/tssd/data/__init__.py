"""Data modules."""

from tssd.data.base import DataModule
from tssd.data.cifar10dvs import CIFAR10DVS
from tssd.data.digits import Digits
from tssd.data.dvsgesture import DVSGesture
from tssd.data.event_folder import EventFolder
from tssd.data.events import EventData
from tssd.data.image_folder import ImageFolder
from tssd.data.imagenet import ImageNet
from tssd.data.images import ImageData
from tssd.data.ncaltech101 import NCaltech101
from tssd.data.nmnist import NMNIST
from tssd.data.spike_trains import SHD, SSC
from tssd.data.torchvision_sets import CIFAR10, CIFAR100, FashionMNIST

__all__ = [
    "CIFAR10",
    "CIFAR10DVS",
    "CIFAR100",
    "NMNIST",
    "SHD",
    "SSC",
    "DVSGesture",
    "DataModule",
    "Digits",
    "EventData",
    "EventFolder",
    "FashionMNIST",
    "ImageData",
    "ImageFolder",
    "ImageNet",
    "NCaltech101",
]
