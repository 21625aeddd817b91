"""Datasets and LightningDataModules of the user's own, as a recipe names them."""

from lightning import LightningDataModule
from torch.utils.data import Dataset

from tssd.data.given import GivenData
from tssd.data.given_sets import given_sets


class OwnSets(GivenData):
    """Datasets of items (x, y), used as they are.

    Args:
        train: of the training samples.
        test: of the test samples; null: the class of `train` once more, with `train=False` or
            `split="test"`.
        val: of the validation samples; null = there are none.
        batch_size: samples a batch.
        num_workers: loading processes.
        seed: of order and draws.
        classes: names of the classes, or their number; null: as the Datasets say.
    Raises: UsageError: sets of different samples or classes. DataError: items that are no samples.
    """

    def __init__(
        self,
        train: Dataset,
        *,
        test: Dataset | None = None,
        val: Dataset | None = None,
        batch_size: int = 64,
        num_workers: int = 0,
        seed: int = 0,
        classes: list[str] | int | None = None,
    ) -> None:
        super().__init__(
            given_sets(train, val, test),
            batch_size=batch_size,
            num_workers=num_workers,
            seed=seed,
            classes=classes,
        )


class OwnModule(GivenData):
    """The loaders of a LightningDataModule.

    Args:
        module: whose training, validation and test loaders are used as they are.
        seed: of the run; the loaders draw from a generator that depends on it.
        classes: names of the classes, or their number; null: as the Datasets say.
    Raises: as `OwnSets`.
    """

    def __init__(
        self,
        module: LightningDataModule,
        *,
        seed: int = 0,
        classes: list[str] | int | None = None,
    ) -> None:
        super().__init__(given_sets(module, None, None), seed=seed, classes=classes)
