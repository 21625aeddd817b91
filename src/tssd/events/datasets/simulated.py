"""The note that says of recordings that they are simulated; `tssd.simulate` leaves it with them."""

import os
import zipfile
from pathlib import Path

from tssd.events.files import zip_comment

NOTE = "SIMULATED.json"

SAYS = (
    "These recordings are simulated, not recorded by a camera. "
    "Say so wherever results on them are shown."
)


def is_simulated(path: Path) -> bool:
    """Whether a note in a folder, or in the comment of a zip, says that recordings are simulated.

    Anything else, also a damaged zip, is not known to be.
    """
    if os.path.isdir(path):
        return os.path.isfile(path / NOTE)
    try:
        return SAYS.encode() in zip_comment(path)
    except (OSError, ValueError, zipfile.BadZipFile):
        return False
