"""What a user gives to train, validate and test on, as one object for each."""

import logging
from typing import Any

from lightning import LightningDataModule
from torch.utils.data import DataLoader

from tssd.errors import UsageError

log = logging.getLogger("tssd")


def given_sets(train: Any, val: Any, test: Any) -> dict[str, Any]:
    """The sets that were given, a LightningDataModule as its loaders.

    Without test samples the validation ones are tested on, which is said.

    Raises:
        UsageError: Neither test nor validation samples, or something that is no set.
    """
    if isinstance(train, LightningDataModule):
        for name, more in (("val", val), ("test", test)):
            if more is not None:
                raise UsageError(
                    f"{name}: given, but {type(train).__name__} has its own; leave it out, or give "
                    "its loaders one by one"
                )
        train, val, test = _loaders(train)
    sets = {"train": train, "val": val, "test": val if test is None else test}
    if sets["test"] is None:
        raise UsageError(
            "test: got neither test nor val, expected samples that are not trained on to measure "
            "the accuracy with; give test= (or val=)"
        )
    if test is None:
        log.warning("test: none was given, so that accuracies are those on the validation samples")
    return {name: each for name, each in sets.items() if each is not None}


def _loaders(module: LightningDataModule) -> list[Any]:
    """Its loaders of training, validation and test samples; None: it has none."""
    module.prepare_data()
    module.setup("fit")
    found: list[Any] = []
    for name, stage in (("train", None), ("val", None), ("test", "test")):
        hook = f"{name}_dataloader"
        if getattr(type(module), hook) is getattr(LightningDataModule, hook):
            found.append(None)
            continue
        if stage is not None:
            module.setup(stage)
        loader = getattr(module, hook)()
        if isinstance(loader, list | tuple) and len(loader) <= 1:
            loader = loader[0] if loader else None
        if loader is not None and not isinstance(loader, DataLoader):
            raise UsageError(
                f"{name}: {type(module).__name__}.{hook} returned a {type(loader).__name__}, "
                "expected one DataLoader"
            )
        found.append(loader)
    if found[0] is None:
        raise UsageError(f"train: {type(module).__name__} has no train_dataloader; give it one")
    return found
