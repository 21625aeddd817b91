"""A Dataset or LightningDataModule of the user's own as the `data` of a recipe."""

from typing import Any

from tssd.config.options import content, parameters
from tssd.config.paths import load_object
from tssd.config.recipe import Config
from tssd.errors import UsageError

SETS, MODULE = "tssd.data.own_sets.OwnSets", "tssd.data.own_sets.OwnModule"
# By which option a Dataset says what it is of, and the values for training and test samples.
PARTS = {"train": (True, False), "split": ("train", "test")}


def wrapped(value: Any) -> Any:
    """The section `data` with what is no data module of ours inside one; anything else as it is.

    Args:
        value: an import path, or a class with its arguments.
    """
    path = value.get("class_path") if isinstance(value, dict) else value
    if not isinstance(path, str) or "." not in path or path.startswith("tssd."):
        return value
    try:
        thing = load_object(path)
    except UsageError:  # which whoever checks the recipe will find again, and place
        return value
    # Imported when they are needed: a run's network is loaded without them.
    from lightning import LightningDataModule
    from torch.utils.data import Dataset

    from tssd.data import DataModule

    if not isinstance(thing, type) or issubclass(thing, DataModule):
        return value
    node = value if isinstance(value, dict) else {"class_path": path}
    if issubclass(thing, LightningDataModule):
        return {"class_path": MODULE, "init_args": {"module": node}}
    if issubclass(thing, Dataset):
        return {"class_path": SETS, "init_args": {"train": node}}
    return value


def with_test(node: Config) -> Config:
    """The same with test samples, which a Dataset of the usual kind has under another option.

    Raises: UsageError: there are none, and how to ask for them is not known.
    """
    given = content(node)
    if node["class_path"] != SETS or given.get("test") is not None or "train" not in given:
        return node
    train = given["train"]
    train = {"class_path": train} if isinstance(train, str) else train
    known = parameters(load_object(train["class_path"]))
    option = next((name for name in PARTS if name in known), None)
    if option is None:
        raise UsageError(
            f"data: {train['class_path']} has no option {' or '.join(PARTS)} by which test samples "
            "could be told; name their Dataset: --data.test my_module.MyDataset"
        )
    of_train, of_test = PARTS[option]
    inside = content(train)
    both = {
        "train": train | {"init_args": {option: of_train} | inside},
        "test": train | {"init_args": inside | {option: of_test}},
    }
    return node | {"init_args": given | both}
