"""Checkpoints that are either the old one or the new one, never half of one."""

import io
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from torch import Tensor, nn

from tssd.atomic import write_atomically
from tssd.errors import UsageError
from tssd.runs.saved import load_checkpoint
from tssd.training.callbacks import MetricsTable

# Whose state is known to be plain, and grows with the epochs: to try it each time would take long.
PLAIN = (MetricsTable.__qualname__,)
# What Lightning writes, looked at by itself or known to come back; callbacks may add anything.
OF_LIGHTNING = ("state_dict", "loops", "callbacks", "lr_schedulers", "optimizer_states")


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's way to the disk, with a rename at the end and nothing executable in the file."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Write beside the target, then rename.

        Raises: UsageError: a state that could not be read back (names whose it is).
        """
        for name, each in checkpoint["state_dict"].items():
            if not isinstance(each, Tensor):  # of get_extra_state
                raise UsageError(
                    f"{name}: a {type(each).__name__} in the network's state_dict, expected "
                    "tensors alone, which saved weights are; keep it as one, by register_buffer"
                )
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
    """What is made by code that may be anybody's; each with whose it is, in words."""
    for name, state in checkpoint.get("callbacks", {}).items():
        if name not in PLAIN:
            yield f"callbacks: the state_dict of {name.partition('{')[0]}", state
    for state in checkpoint.get("lr_schedulers", ()):
        yield "schedule: the scheduler's state_dict", state
    for state in checkpoint.get("optimizer_states", ()):
        yield "optimizer: its state_dict", _without_tensors(state)
    for name in checkpoint.keys() - OF_LIGHTNING:
        put_in = f"callbacks: what on_save_checkpoint puts in as {name!r}"
        yield put_in, _without_tensors(checkpoint[name])


def _without_tensors(value: Any) -> Any:
    """The same with None for each tensor, which comes back and may be large."""
    kind = type(value)
    if kind in (Tensor, nn.Parameter):
        return None
    if kind in (dict, OrderedDict):
        return kind((name, _without_tensors(each)) for name, each in value.items())
    return kind(map(_without_tensors, value)) if kind in (list, tuple) else value


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
