"""What a run leaves on disk, and how to read it back."""

import json
import shlex
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from tssd.atomic import PARTIAL, write_atomically
from tssd.earlier import with_later_options
from tssd.errors import DataError, UsageError
from tssd.lock import LOCK
from tssd.not_trained import LENGTH, NOT_TRAINED
from tssd.reading import one_line, read_json, read_yaml


@dataclass(frozen=True)
class RunFolder:
    """The files of one training run.

    Args:
        path: of the folder.
    """

    path: Path

    config = property(lambda self: self.path / "config.yaml")
    environment = property(lambda self: self.path / "environment.json")
    metrics = property(lambda self: self.path / "metrics.csv")
    checkpoints = property(lambda self: self.path / "checkpoints")
    last = property(lambda self: self.path / "checkpoints" / "last.ckpt")
    best = property(lambda self: self.path / "checkpoints" / "best.ckpt")
    weights = property(lambda self: self.path / "model.safetensors")
    exits = property(lambda self: self.path / "exits.safetensors")
    model = property(lambda self: self.path / "model.json")
    results = property(lambda self: self.path / "results.json")

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """An existing run. Raises: DataError: the folder is not one."""
        run = cls(Path(path))
        if not run.path.is_dir():
            raise DataError(f"{path}: no such folder; expected a run that `tssd train` has made")
        if not run.config.exists():
            raise DataError(f"{path}: not a run folder (it has no config.yaml)")
        return run

    def read_config(self) -> dict[str, Any]:
        """The complete configuration. Raises: DataError: damaged."""
        return with_later_options(read_yaml(self.config))

    def read_results(self) -> dict[str, Any]:
        """Content of results.json. Raises: DataError: it is not there or damaged."""
        try:
            return read_json(self.results, remedy="delete it and --resume")
        except FileNotFoundError:
            raise DataError(
                f"{self.path}: no results yet; finish the run with `tssd train {self.path} "
                "--resume`"
            ) from None

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write config.yaml."""
        write_text(self.config, yaml.safe_dump(dict(config), sort_keys=False))

    def create(self, config: Mapping[str, Any], *, resume: bool, relength: bool = False) -> None:
        """Start the folder with its configuration, or check that a resumed run has the same.

        Args:
            config: the complete configuration.
            resume: whether the run may exist.
            relength: whether a resumed run may have another number of epochs.
        Raises: UsageError: it exists and `resume` is off, or the configurations differ.
            DataError: something else is there.
        """
        if self.path.exists() and not self.path.is_dir():
            raise DataError(f"{self.path}: a file, expected a folder; choose another --output")
        leftovers = list(self.path.rglob(f".*{PARTIAL}"))
        if not self.config.exists():
            if self.path.exists() and set(self.path.iterdir()) - {*leftovers, self.path / LOCK}:
                raise DataError(
                    f"{self.path}: neither empty nor a run folder; choose another --output"
                )
            self.write_config(config)
            return
        if not resume:
            raise UsageError(
                f"{self.path}: this run exists already; continue it with --resume or choose "
                "another --output"
            )
        free = (*NOT_TRAINED, LENGTH) if relength else NOT_TRAINED
        if (found := first_difference(self.read_config(), config, free=free)) is not None:
            name, before, now = found
            resumed = f"tssd train {shlex.quote(str(self.path))} --resume"
            other = f"`{resumed}` takes the run's own options"
            if name == LENGTH:
                other = f"`{resumed} --trainer.epochs {now}` changes that"
            raise UsageError(
                f"{self.path}: the run has {name.replace('.init_args', '')} = {before}, now it is "
                f"{now}; {other}, or choose another --output"
            )
        for leftover in leftovers:  # of a write that was killed
            leftover.unlink(missing_ok=True)


def first_difference(
    before: Any, now: Any, name: str = "", *, free: Container[str] = NOT_TRAINED
) -> tuple[str, Any, Any] | None:
    """Dotted name and both values of the first leaf in which two configurations differ.

    Args:
        before: a complete configuration, or a part of it.
        now: the other.
        name: of the part.
        free: dotted names that may differ.
    """
    if not (isinstance(before, Mapping) and isinstance(now, Mapping)):
        return None if before == now else (name, before, now)
    for key in dict.fromkeys([*before, *now]):
        below = f"{name}.{key}".lstrip(".")
        if below in free:
            continue
        found = first_difference(before.get(key), now.get(key), below, free=free)
        if found is not None:
            return found
    return None


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file atomically, for people to read."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def save_weights(path: Path, module: nn.Module) -> None:
    """Weights of a module as safetensors, atomically."""
    # Copies, because safetensors refuses weights that are tied.
    tensors = {k: v.detach().cpu().clone().contiguous() for k, v in module.state_dict().items()}
    write_atomically(path, lambda temporary: temporary.write_bytes(save(tensors)))


def load_weights(path: Path, module: nn.Module) -> None:
    """Load safetensors into a module.

    Raises: DataError: missing or damaged, or of another network (names the first mismatch).
    """
    tensors = read_weights(path)
    check_weights(str(path), module, tensors)
    module.load_state_dict(tensors)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Weights from safetensors. Raises: DataError: missing or damaged."""
    if not path.exists():
        raise DataError(f"{path}: no such file; expected weights that `tssd train` has written")
    try:
        if not path.is_file():
            raise ValueError("it is no file")
        return load_file(path)
    # Safetensors knows more dtypes than torch, which is a KeyError.
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{path}: damaged or not safetensors ({one_line(error)}); train again or restore the "
            "file"
        ) from None


def check_weights(source: str, module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Refuse weights of another network. Raises: DataError: names the first mismatch."""

    def kind(tensor: Tensor) -> tuple[bool, bool, bool]:
        return tensor.is_floating_point(), tensor.is_complex(), tensor.layout == torch.strided

    expected = module.state_dict()
    remedy = "these weights belong to another network: check net in the configuration"
    for name, tensor in expected.items():
        if name not in tensors:
            raise DataError(f"{source}: {name} is missing; {remedy}")
        found, wanted = list(tensors[name].shape), list(tensor.shape)
        if found != wanted:
            raise DataError(f"{source}: {name} has shape {found}, expected {wanted}; {remedy}")
        # torch would convert these without a word.
        if kind(tensors[name]) != kind(tensor):
            found, wanted = tensors[name].dtype, tensor.dtype
            raise DataError(f"{source}: {name} is {found}, expected {wanted}; {remedy}")
    if surplus := next((name for name in tensors if name not in expected), None):
        raise DataError(f"{source}: {surplus} is not part of the network; {remedy}")
