"""Checkpoints that are either the old one or the new one, never half of one."""

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from tssd.atomic import write_atomically
from tssd.errors import UsageError
from tssd.runs.saved import load_checkpoint
from tssd.training.callbacks import MetricsTable

# Whose state is known to be plain, and grows with the epochs: to try it each time would take long.
PLAIN = (MetricsTable.__qualname__,)


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's way to the disk, with a rename at the end and nothing executable in the file."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Write beside the target, then rename.

        Raises: UsageError: a state that could not be read back (names whose it is).
        """
        for owner, state in _states(checkpoint):
            if not _comes_back(state):
                raise UsageError(
                    f"{owner} holds {_odd(state)}, which can't be read back from a checkpoint; "
                    "expected tensors, numbers, text, and lists and dicts of these: convert it, "
                    "such as by float(), str() or torch.as_tensor()"
                )

        def save(temporary: Path) -> None:
            with temporary.open("wb") as file:
                torch.save(checkpoint, file)

        write_atomically(Path(path), save)

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """See the function of this name."""
        return load_checkpoint(Path(path))


def _states(checkpoint: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is made by code that may be anybody's, small besides; each with whose it is, in words.

    Moments of an optimiser are tensors, and large.
    """
    for name, state in checkpoint.get("callbacks", {}).items():
        if name not in PLAIN:
            yield f"callbacks: the state_dict of {name.partition('{')[0]}", state
    for state in checkpoint.get("lr_schedulers", ()):
        yield "schedule: the scheduler's state_dict", state
    for state in checkpoint.get("optimizer_states", ()):
        yield "optimizer: its state_dict", {"param_groups": state["param_groups"]}


def _comes_back(value: Any) -> bool:
    """Whether a value can be read back as checkpoints are, without running what is in them."""
    file = io.BytesIO()
    try:
        torch.save(value, file)
        file.seek(0)
        torch.load(file, map_location="cpu", weights_only=True)
    except Exception:  # pickle and torch raise many kinds
        return False
    return True


def _odd(value: Any, name: str = "") -> str:
    """What of a value does not come back, in words: the first inside it, where it has any."""
    inside: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        inside = value.items()
    elif isinstance(value, list | tuple):
        inside = enumerate(value)
    for key, each in inside:
        if not _comes_back(each):
            return _odd(each, f"{name}[{key!r}]")
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"a {module}{kind.__qualname__}" + f" ({name})" * bool(name)
