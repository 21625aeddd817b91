"""Checkpoints that are either the old one or the new one, never half of one."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lightning.fabric.plugins import TorchCheckpointIO

from tssd.errors import DataError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then move it there.

    Raises: DataError: the disk is full or cannot be written; what was at `path` is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        # torch.save reports a full disk as RuntimeError from its zip writer.
        temporary.unlink(missing_ok=True)
        raise DataError(
            f"{path}: cannot be written ({error}); the previous file, if any, is intact; free some "
            "disk space and continue with --resume"
        ) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoint writer, with a rename at the end."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Write beside the target, then rename."""
        write_atomically(
            Path(path),
            lambda temporary: super(AtomicCheckpointIO, self).save_checkpoint(
                checkpoint, temporary, storage_options
            ),
        )
