"""A network's files from a repository of the hub, kept in the library's own cache."""

from pathlib import Path

from tssd.errors import DataError
from tssd.hub.client import asking, library
from tssd.hub.name import HubName

CARD = "README.md"
# What a network is shared as. Nothing else of a repository is fetched, whatever it holds.
FILES = (
    CARD,
    "model.safetensors",
    "exits.safetensors",
    "model.json",
    "config.yaml",
    "results.json",
    "environment.json",
)
NEEDED = ("model.safetensors", "model.json", "config.yaml")


def downloaded(name: HubName) -> Path:
    """The run folder of a network on the hub; what is on this machine already is not fetched again.

    Without a network the last that was fetched will do, as everywhere with this library.

    Args:
        name: with its owner.
    Raises: UsageError: the library is not installed. DataError: no such repository or revision, it
        can't be reached, or it holds no network of tssd.
    """
    hub = library(str(name))
    with asking(str(name)):
        folder = hub.snapshot_download(
            name.repository,
            revision=name.revision,
            allow_patterns=list(FILES),
            library_name="tssd",
        )
    found = Path(folder)
    for file in NEEDED:
        if not (found / file).is_file():
            raise DataError(
                f"{name}: it has no {file}; expected a network that `tssd push` has uploaded"
            )
    return found
