import pytest
import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset

from tssd.data.given_sets import given_sets
from tssd.errors import UsageError

DATA = TensorDataset(torch.rand(6, 1, 2, 2), torch.arange(6))


class Module(LightningDataModule):
    """One whose loaders exist only after their stage was set up."""

    def prepare_data(self):
        self.ready = []

    def setup(self, stage):
        self.ready.append(stage)

    def train_dataloader(self):
        assert self.ready == ["fit"]
        return DataLoader(DATA, batch_size=2)

    def val_dataloader(self):
        return [DataLoader(DATA, batch_size=3)]


class WithTest(Module):
    def test_dataloader(self):
        assert self.ready == ["fit", "test"]
        return DataLoader(DATA, batch_size=6)


class Several(Module):
    def train_dataloader(self):
        return {"a": DataLoader(DATA), "b": DataLoader(DATA)}


def test_a_lightning_module_is_set_up_and_taken_apart(caplog):
    found = given_sets(WithTest(), None, None)
    assert {name: loader.batch_size for name, loader in found.items()} == {
        "train": 2,
        "val": 3,
        "test": 6,
    }
    assert not caplog.text
    found = given_sets(Module(), None, None)
    assert found["test"] is found["val"]
    assert "none was given, so that accuracies are those on the validation" in caplog.text


def test_validation_is_no_must():
    assert {*given_sets(DATA, None, DATA)} == {"train", "test"}


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        ((DATA, None, None), "^test: got neither test nor val"),
        ((WithTest(), DATA, None), "^val: given, but WithTest has its own"),
        ((Several(), None, DATA), "^test: given, but Several has its own"),
        ((Several(), None, None), "^train: Several.train_dataloader returned a dict"),
        ((LightningDataModule(), None, None), "^train: LightningDataModule has no train"),
    ],
)
def test_what_can_not_be_told_apart_is_refused(sets, words):
    with pytest.raises(UsageError, match=words):
        given_sets(*sets)
