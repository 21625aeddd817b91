"""Checkpoints that are either the old one or the new one, never half of one."""

from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from torch import nn

from tssd.atomic import write_atomically
from tssd.errors import DataError
from tssd.training.run_folder import check_weights


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint of training, tensors and plain values only.

    Raises: DataError: missing, damaged, or something else than such a checkpoint.
    """
    if not path.exists():
        raise DataError(f"{path}: no checkpoint; the run ended before its first epoch did")
    remedy = "put a copy of best.ckpt in its place, or train into another --output"
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged files
        detail = " ".join(str(error).split())[:120]
        raise DataError(f"{path}: damaged or truncated ({detail}); {remedy}") from error
    wanted = ("epoch", "state_dict", "optimizer_states", "loops", "callbacks")
    if not isinstance(checkpoint, dict) or not all(key in checkpoint for key in wanted):
        raise DataError(f"{path}: not a checkpoint of training; {remedy}")
    return checkpoint


def restore(path: Path, module: nn.Module) -> dict[str, Any]:
    """Load a checkpoint's weights into a module of training; the checkpoint.

    Raises: DataError: missing or damaged, or of another network (names the first mismatch).
    """
    checkpoint = load_checkpoint(path)
    check_weights(str(path), module, checkpoint["state_dict"])
    module.load_state_dict(checkpoint["state_dict"])
    return checkpoint


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
