"""Whole simulated data sets on disk, in the layouts of the originals."""

from tssd.simulate.datasets.cifar10dvs import CIFAR10_CLASSES, write_cifar10dvs
from tssd.simulate.datasets.dvsgesture import write_dvsgesture

__all__ = ["CIFAR10_CLASSES", "write_cifar10dvs", "write_dvsgesture"]
