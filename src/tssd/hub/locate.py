"""Where the files of a run are, for those who may name it by its name on the hub."""

from pathlib import Path

from tssd.hub.name import HubName, is_hub_name
from tssd.hub.shipped import shipped_folder


def located(path: str | Path) -> Path:
    """The folder of a run: a path as it is, and of `hub:...` where that network is on this machine.

    A network on a hub is fetched first. What is behind a name is somebody else's: read only.

    Raises: UsageError: no such name, or the library for the hub is not installed. DataError: it
        can't be fetched.
    """
    if not is_hub_name(path):
        return Path(path)
    name = HubName.parse(str(path))
    if name.owner is None:
        return shipped_folder(name.name)
    # Most never need it.
    from tssd.hub.download import downloaded

    return downloaded(name)
