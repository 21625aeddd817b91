"""Whether a run can be written where it is to be, by the name of its folder."""

import errno
import os
from pathlib import Path

from tssd.errors import UsageError


def refuse_name(folder: Path) -> None:
    """Refuse a folder whose name no run can have, before anything is trained or written.

    Raises: UsageError: the name is no UTF-8, in which TensorBoard and others write it, or longer
        than the file system takes.
    """
    try:
        f"{folder}".encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{folder}: not a name in UTF-8, which logs are written under; choose another --output"
        ) from None
    # Each part by itself, since below a folder that is missing nothing is looked at.
    there = next((above for above in folder.parents if os.path.exists(above)), folder)
    for place in (folder / "checkpoints" / "best.ckpt", *(there / part for part in folder.parts)):
        if _is_too_long(place):
            longest = max(len(os.fsencode(part)) for part in folder.parts)
            raise UsageError(
                f"{folder}: too long a name for this file system (its longest part has {longest} "
                "bytes, most take 255); choose a shorter --output"
            )


def _is_too_long(path: Path) -> bool:
    try:
        os.lstat(path)
    except OSError as error:  # what else is wrong, or not there yet, is said by who writes there
        return error.errno == errno.ENAMETOOLONG
    return False
