"""Datasets and LightningDataModules of one's own as `--data`: what is built and refused."""

import pytest
import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from tssd.config import build, load_recipe
from tssd.config.own_data import MODULE, SETS, with_test, wrapped
from tssd.data.given import GivenData
from tssd.errors import UsageError


class Images(Dataset):
    """Images of two classes, which of them by brightness."""

    classes = ("dark", "light")

    def __init__(self, size: int = 16, *, train: bool = True):
        self.size = size
        self.train = train

    def __len__(self):
        return 12 if self.train else 6

    def __getitem__(self, index):
        return torch.full((1, self.size, self.size), float(index % 2)), index % 2


class Unsplit(Images):
    def __init__(self, size: int = 16):
        super().__init__(size)


class Module(LightningDataModule):
    def __init__(self, batch_size: int = 4):
        super().__init__()
        self.batch_size = batch_size

    def train_dataloader(self):
        return DataLoader(Images(), self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(Images(train=False), self.batch_size)

    test_dataloader = val_dataloader


IMAGES, UNSPLIT, MODULE_OF_OWN = (
    f"{__name__}.{kind.__name__}" for kind in (Images, Unsplit, Module)
)


@pytest.fixture
def parts_of(tiny):
    rest = [pair for pair in tiny if not pair[0].startswith("data.")]
    return lambda *overrides: build(load_recipe("digits/tssd", [*rest, *overrides]))


def test_a_dataset_gives_its_training_and_test_samples(parts_of):
    parts = parts_of(("data", IMAGES), ("data.train.size", "16"), ("data.batch_size", "5"))
    assert isinstance(parts.data, GivenData)
    assert parts.data.split_sizes == {"train": 12, "val": 0, "test": 6}
    assert (parts.data.batch_size, parts.data.class_names) == (5, ("dark", "light"))
    assert parts.net(torch.zeros(2, 3, 1, 16, 16)).logits.shape == (2, 3, 2)
    written = parts.config["data"]
    assert written["class_path"] == SETS
    both = [written["init_args"][name]["init_args"] for name in ("train", "test")]
    assert both == [{"size": 16, "train": True}, {"size": 16, "train": False}]


def test_a_file_names_each_set_by_itself(parts_of, tmp_path, tiny):
    file = tmp_path / "own.yaml"
    file.write_text(
        f"extends: digits/tssd\ndata:\n  class_path: {SETS}\n  init_args:\n"
        f"    train: {{class_path: {UNSPLIT}, init_args: {{size: 16}}}}\n"
        f"    test: {{class_path: {IMAGES}, init_args: {{size: 16, train: false}}}}\n"
    )
    rest = [pair for pair in tiny if not pair[0].startswith("data.")]
    assert build(load_recipe(str(file), rest)).data.split_sizes["test"] == 6


def test_a_lightning_data_module_gives_its_loaders(parts_of):
    parts = parts_of(("data", MODULE_OF_OWN), ("data.module.batch_size", "3"), ("net.width", "0.1"))
    assert parts.config["data"]["class_path"] == MODULE
    assert parts.data.batch_size == 3
    assert parts.data.split_sizes == {"train": 12, "val": 6, "test": 6}


def test_test_samples_that_can_not_be_told_are_asked_for(parts_of):
    with pytest.raises(UsageError, match=r"^data: .*Unsplit has no option train or split by which"):
        parts_of(("data", UNSPLIT))
    parts = parts_of(("data", UNSPLIT), ("data.test", IMAGES), ("data.test.train", "false"))
    assert parts.data.split_sizes == {"train": 12, "val": 0, "test": 6}
    with pytest.raises(UsageError, match=r"did you mean --data\.train\.size\?"):
        parts_of(("data", IMAGES), ("data.size", "16"))


def test_other_values_are_left_as_they_are():
    for value in ("Digits", "tssd.data.Digits", "my.Own", "torch.nn.ReLU", None, {"seed": 0}):
        assert wrapped(value) == value
    node = {"class_path": "tssd.data.Digits", "init_args": {}}
    assert with_test(node) is node
    named = {"class_path": IMAGES, "init_args": {"train": True}}
    assert wrapped(named) == {"class_path": SETS, "init_args": {"train": named}}
