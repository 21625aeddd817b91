"""Where the data sets lie: the one place that reads the environment variable."""

import os
from pathlib import Path

from tssd.errors import DataError, UsageError

DATA_VARIABLE = "TSSD_DATA"


def data_root(root: str | None) -> Path:
    """Find the folder that holds the data sets: `root`, else the environment variable TSSD_DATA.

    Raises:
        UsageError: Neither is given.
        DataError: The folder does not exist.
    """
    given = root or os.environ.get(DATA_VARIABLE)
    if not given:
        raise UsageError(
            "no data root given, expected a folder: "
            f"pass --data.root <folder> or set the environment variable {DATA_VARIABLE}"
        )
    path = Path(os.path.expanduser(given))  # pathlib's own raises on an unknown user
    if not os.path.isdir(path):  # as above: on names that are too long, and folders without rights
        source = "--data.root" if root else DATA_VARIABLE
        raise DataError(
            f"data root {path} (from {source}) is not a folder: create it or correct it"
        )
    return path


def below_root(root: str | None, folder: str) -> Path:
    """Path of a data set: its folder below the data root, or where it says if that is absolute.

    Raises:
        UsageError: It is below the root, and none is given.
        DataError: The root does not exist.
    """
    path = Path(os.path.expanduser(folder))
    return path if path.is_absolute() else data_root(root) / path
