"""Room for runs, and whether files can be written and read back."""

import os
import shutil
import tempfile
from pathlib import Path

from tssd.doctor.finding import Finding

# Below this, a run of a large network with its checkpoints may not fit.
SMALL = 2e9
CONTENT = b"tssd" * 1024


def disk(folder: Path) -> Finding:
    """Write a file into a folder where runs would go and into the temporary one; read them back.

    Args:
        folder: usually the current one.
    """
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.1f} GB free in {folder.absolute()}"
    temporary = Path(tempfile.gettempdir())
    if (wrong := _unusable(temporary)) is not None:
        remedy = "point the environment variable TMPDIR to a folder that can be written"
        return Finding("disk", "fails", f"{temporary}: {wrong}", remedy)
    if (wrong := _unusable(folder)) is not None:
        remedy = "change to another folder, or give --output to commands that write"
        return Finding("disk", "note", f"{text}, but {wrong}", remedy)
    if free < SMALL:
        return Finding("disk", "note", text, "a run of a large network needs more: make room")
    return Finding("disk", "ok", f"{text}, and it can be written")


def _unusable(folder: Path) -> str | None:
    """Why a file does not come back from a folder as it was written; None = it does."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(CONTENT)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            return None if file.read() == CONTENT else "a file came back changed"
    except OSError as error:
        return f"it can't be written ({error.strerror or error})"
