import pytest
import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset

from tssd.data.evaluated import as_known
from tssd.data.own_sets import OwnModule, OwnSets
from tssd.errors import DataError


def images(count):
    return TensorDataset(torch.rand(count, 1, 8, 8), torch.arange(count) % 2)


class Loaders(LightningDataModule):
    def train_dataloader(self):
        return DataLoader(images(10), batch_size=5)

    def test_dataloader(self):
        return DataLoader(images(4), batch_size=2)


def test_sets_and_loaders_are_those_that_are_given():
    data = OwnSets(images(10), test=images(4), val=images(2), batch_size=5, classes=["a", "b"])
    assert data.split_sizes == {"train": 10, "val": 2, "test": 4}
    assert (data.batch_size, data.class_names, data.sample_shape) == (5, ("a", "b"), (1, 8, 8))
    data = OwnModule(Loaders(), classes=2)
    assert data.split_sizes == {"train": 10, "val": 0, "test": 4}
    x, y = next(iter(data.train_dataloader()))
    assert (x.shape, y.shape) == ((5, 1, 8, 8), (5,))


def test_without_test_samples_those_of_validation_are_tested_on():
    class Untested(Loaders):
        val_dataloader = Loaders.test_dataloader
        test_dataloader = LightningDataModule.test_dataloader

    data = OwnModule(Untested(), classes=2)
    assert data.tests_on_validation and not OwnModule(Loaders(), classes=2).tests_on_validation
    assert data.split_sizes == {"train": 10, "val": 4, "test": 4}


def test_a_trained_network_takes_them_as_they_are_and_of_its_own_classes_alone():
    data = OwnSets(images(10), test=images(4), classes=["a", "b"])
    facts = {"sample_shape": (1, 8, 8), "mean": (0.0,), "std": (1.0,)}
    assert as_known(data, class_names=("a", "b"), **facts) is data
    with pytest.raises(DataError, match="has the classes a, b, but the run was trained on b, a"):
        as_known(data, class_names=("b", "a"), **facts)
    with pytest.raises(DataError, match="samples of 1 x 8 x 8"):
        as_known(data, class_names=("a", "b"), **facts | {"sample_shape": (1, 9, 9)})
