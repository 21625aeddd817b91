"""Data modules."""

from tssd.data.base import DataModule
from tssd.data.digits import Digits
from tssd.data.image_folder import ImageFolder
from tssd.data.images import ImageData
from tssd.data.torchvision_sets import CIFAR10, CIFAR100, FashionMNIST

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "DataModule",
    "Digits",
    "FashionMNIST",
    "ImageData",
    "ImageFolder",
]
