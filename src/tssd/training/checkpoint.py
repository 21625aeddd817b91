"""Checkpoints that are either the old one or the new one, never half of one."""

from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from tssd.atomic import write_atomically
from tssd.runs.saved import load_checkpoint


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's way to the disk, with a rename at the end and nothing executable in the file."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Write beside the target, then rename."""

        def save(temporary: Path) -> None:
            with temporary.open("wb") as file:
                torch.save(checkpoint, file)

        write_atomically(Path(path), save)

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """See the function of this name."""
        return load_checkpoint(Path(path))
