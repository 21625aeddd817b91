"""Data modules of static images."""

from tssd.data.base import ImageData
from tssd.data.digits import Digits
from tssd.data.image_folder import ImageFolder
from tssd.data.torchvision_sets import CIFAR10, CIFAR100, FashionMNIST

__all__ = ["CIFAR10", "CIFAR100", "Digits", "FashionMNIST", "ImageData", "ImageFolder"]
