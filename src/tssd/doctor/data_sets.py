"""Which data sets lie below the data root."""

import os

from tssd.config import build_data, load_recipe
from tssd.config.pieces import rooms
from tssd.data import DataModule, EventData, ImageFolder
from tssd.data.root import DATA_VARIABLE, data_root
from tssd.data.torchvision_sets import TorchvisionSet
from tssd.doctor.finding import Finding
from tssd.errors import TssdError
from tssd.events.datasets.catalogue import Reading

# What is read of somebody's own, from no fixed place, and what comes inside a package.
OWN, INSIDE = "image_folder", "digits"


def data_sets(root: str | None) -> Finding:
    """Look for the files of each data set that recipes name; none is read.

    Args:
        root: the data root; None = that of the environment variable.
    """
    if not (root or os.environ.get(DATA_VARIABLE)):
        text = f"no data root is given; {INSIDE} needs none"
        remedy = f"set the environment variable {DATA_VARIABLE}, or give --data.root FOLDER"
        return Finding("data", "note", text, remedy)
    try:
        folder = data_root(root)
    except TssdError as error:
        return Finding("data", "fails", str(error))
    names = [name for name in rooms()["data"] if name not in (OWN, INSIDE)]
    there = [name for name in names if is_there(name, str(folder))]
    rest = [name for name in names if name not in there]
    text = f"{folder} has {', '.join(there) or 'none of the data sets that recipes name'}"
    if rest:
        text += f"; not {', '.join(rest)}"
    remedy = "" if there else "docs/event-data.md and docs/image-data.md say what belongs there"
    return Finding("data", "ok" if there else "note", text, remedy)


def is_there(name: str, root: str) -> bool:
    """Whether the files of a recipe's data set lie below a root, packed or unpacked.

    Args:
        name: of the piece, such as cifar10.
        root: the data root.
    """
    return _lies_there(build_data(load_recipe(f"{name}+vgg9+tssd", [("data.root", root)])))


def _lies_there(data: DataModule) -> bool:
    if isinstance(data, TorchvisionSet):
        root = data_root(data.root)
        return all(os.path.isfile(root / file) for file in data.files)
    if isinstance(data, ImageFolder):
        parts = [os.path.isdir(data.path / part) for part in ("train", "test", "val")]
        return parts[0] and any(parts[1:])
    assert isinstance(data, EventData)
    try:
        data.event_files.find(data.path, Reading(allow_incomplete=True))
    except (TssdError, OSError):
        return False
    return True
