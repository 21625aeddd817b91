"""Weights of a run as safetensors, and whether they belong to a network."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from tssd.atomic import write_atomically
from tssd.errors import DataError
from tssd.reading import one_line


def save_weights(path: Path, module: nn.Module) -> str:
    """Weights of a module as safetensors, atomically; the SHA-256 of the file."""
    # Copies, because safetensors refuses weights that are tied.
    tensors = {k: v.detach().cpu().clone().contiguous() for k, v in module.state_dict().items()}
    content = save(tensors)
    write_atomically(path, lambda temporary: temporary.write_bytes(content))
    return hashlib.sha256(content).hexdigest()


def read_weights(path: Path, *, sha256: str | None = None) -> dict[str, Tensor]:
    """Weights from safetensors.

    Args:
        path: of the file.
        sha256: that it had when it was written, as safetensors has no checksum; None = not known.
    Raises: DataError: missing or damaged.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file; expected weights that `tssd train` has written")
    try:
        if not path.is_file():
            raise ValueError("it is no file")
        if sha256 is not None:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != sha256:
                raise ValueError("its SHA-256 is not the one in results.json")
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
