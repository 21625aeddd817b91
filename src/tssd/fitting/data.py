"""The data of a run that is trained from Python, and its record."""

from typing import Any

from tssd.config.recipe import Config
from tssd.data import DataModule
from tssd.data.given import GivenData, size_of
from tssd.data.given_loader import GivenLoader
from tssd.data.given_sets import given_sets
from tssd.errors import UsageError
from tssd.fitting.nodes import object_node
from tssd.fitting.record import given
from tssd.whole import whole


def with_data(
    config: Config, sets: tuple[Any, Any, Any], sizes: dict[str, Any], *, seed: int
) -> DataModule:
    """Put what a run is trained, validated and tested on into a configuration.

    Args:
        config: to be changed.
        sets: train, val and test as they were given.
        sizes: batch_size, num_workers and classes; None = not given.
        seed: of the run.
    Raises: UsageError: sets that do not go together, or a size that a set has itself.
    """
    train, val, test = sets
    if isinstance(train, DataModule):
        both = {"val": val, "test": test, **sizes}
        if wrong := next((name for name, each in both.items() if each is not None), None):
            raise UsageError(
                f"{wrong}: given, but {type(train).__name__} is a data module, which says it "
                "itself; leave it out"
            )
        return _ours(config, train, seed)
    given_by_name = given_sets(train, val, test)
    if "train" not in given_by_name:
        raise UsageError(
            f"train: got {'None' if train is None else 'a ' + type(train).__name__ + ' with none'},"
            " expected a Dataset of (x, y), a DataLoader of such, or a data module"
        )
    data = GivenData(
        given_by_name,
        batch_size=64 if sizes["batch_size"] is None else whole("batch_size", sizes["batch_size"]),
        num_workers=whole("num_workers", sizes["num_workers"] or 0),
        seed=seed,
        classes=sizes["classes"],
    )
    for name in ("batch_size", "num_workers"):
        if sizes[name] is not None and isinstance(data.sets["train"], GivenLoader):
            raise UsageError(f"{name}: given, but the DataLoader has its own; leave it out")
    config["data"] = given(
        "GivenData",
        batch_size=data.batch_size,
        num_workers=data.num_workers,
        val_share=0.0,
        **{name: _in_words(each) for name, each in data.sets.items()},
    )
    if data.tests_on_validation:
        config["description"] += " (tested on the validation samples)"
    return data


def _ours(config: Config, data: DataModule, seed: int) -> DataModule:
    """One of our data modules, left as it is; it takes the seed of the run, if it has none."""
    own = data.unread()
    own.seed = own.seed or seed
    node = object_node(own)
    config["data"] = node or given(
        "GivenData",
        batch_size=own.batch_size,
        num_workers=own.num_workers,
        val_share=own.val_share,
        train=type(own).__name__,
    )
    return own


def _in_words(given_set: Any) -> str:
    thing = given_set.loader if isinstance(given_set, GivenLoader) else given_set.dataset
    inside = f" of {type(thing.dataset).__name__}" if isinstance(given_set, GivenLoader) else ""
    return f"{type(thing).__name__}{inside}, {size_of(given_set)} samples of {given_set.kind}"
