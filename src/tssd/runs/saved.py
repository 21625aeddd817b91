"""Weights that a run has saved: exported at its end, or in the checkpoints of its epochs."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tssd.errors import DataError
from tssd.reading import one_line
from tssd.runs.folder import RunFolder
from tssd.runs.results import Epoch
from tssd.runs.weights import check_weights, read_weights

# Of a checkpoint.
PARTS = {"state_dict": dict, "optimizer_states": list, "loops": dict, "callbacks": dict}


class Saved(NamedTuple):
    """Weights of a run.

    Args:
        source: the file.
        net: of the network.
        exits: of the loss with its exits; empty without any.
        epoch: whose weights they are, counted from 1; None = not known.
        unfinished: how far training was, such as "epoch 3 of 40"; None = finished.
    """

    source: Path
    net: dict[str, Tensor]
    exits: dict[str, Tensor]
    epoch: int | None
    unfinished: str | None


def saved_weights(run: RunFolder, epoch: Epoch | int | None = None) -> Saved:
    """Weights of a run, finished or not; one that is being trained at the moment will do.

    Args:
        run: its folder.
        epoch: best on the validation samples, last, or the number of one whose checkpoint was kept,
            counted from 1; None = those that count, which a finished run has exported, and of an
            unfinished run the last.
    Raises: DataError: there are no such weights yet, or they are damaged.
    """
    results = run.read_results() if run.is_finished else None
    counts = results.selected if results else "best"
    # Without validation the last epoch stands for the best.
    as_good = results is not None and (
        results.validation_samples == 0
        or (results.best.epoch is not None and results.best.epoch == results.last.epoch)
    )
    path = run.kept(epoch) if isinstance(epoch, int) else run.best if epoch == "best" else run.last
    exported = run.weights.exists() and (
        epoch is None
        or (epoch in ("best", "last") and not path.exists() and (epoch == counts or as_good))
    )
    if not results and (run.last.exists() or run.best.exists()):
        exported = False  # a checkpoint says of which epoch it is
    planned = run.read_config().get("trainer", {})
    planned = planned.get("epochs") if isinstance(planned, dict) else None
    finished = results is not None and results.planned in (None, planned)
    if exported:
        # Not where the run is being made longer: its results are of weights before these.
        sums = results.sha256 if results and finished else {}
        net, source = _exported(run.weights, sums), run.weights
        exits = _exported(run.exits, sums) if run.exits.exists() else {}
        known = results.evaluated().epoch if results else None
        number = None if known is None else known + 1
        progress = "unknown"
    else:
        if epoch is None and not path.exists():
            path = run.best
        if not path.exists():
            raise _nothing(run, epoch)
        checkpoint = load_checkpoint(path)
        net, exits = _parts(checkpoint)
        source, number = path, checkpoint["epoch"] + 1
        progress = number
    if finished:
        return Saved(source, net, exits, number, None)
    if source != run.last and run.last.exists():
        progress = load_checkpoint(run.last)["epoch"] + 1
    return Saved(source, net, exits, number, f"epoch {progress} of {planned}")


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint of training, tensors and plain values only.

    Raises: DataError: missing, damaged, or something else than such a checkpoint.
    """
    if not path.exists():
        raise DataError(f"{path}: no checkpoint; the run ended before its first epoch did")
    remedy = "put a copy of best.ckpt in its place, or train into another --output"
    try:
        if not path.is_file():
            raise ValueError("it is no file")
        _check_sums(path)
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged files
        detail = one_line(error)[:120]
        raise DataError(f"{path}: damaged or truncated ({detail}); {remedy}") from error
    if not isinstance(checkpoint, dict) or not all(
        isinstance(checkpoint.get(name), kind) for name, kind in PARTS.items()
    ):
        raise DataError(f"{path}: not a checkpoint of training; {remedy}")
    epoch, tensors = checkpoint.get("epoch"), checkpoint["state_dict"]
    if type(epoch) is not int or epoch < 0:
        raise DataError(f"{path}: not a checkpoint of training (epoch is {epoch!r:.40}); {remedy}")
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            found = f"{name!r:.80} is a {type(tensor).__name__}"
            raise DataError(f"{path}: not a checkpoint of training ({found}); {remedy}")
    return checkpoint


def _check_sums(path: Path) -> None:
    """Compare what is in a checkpoint with its checksums, which torch writes and does not read.

    Takes about as long as the reading itself. Raises: ValueError: the first that is another one.
    """
    if not zipfile.is_zipfile(path):
        return  # torch says what it is
    with zipfile.ZipFile(path) as records:
        # Where torch was told to compute none, all are zero.
        has_sums = any(record.CRC for record in records.infolist())
        if has_sums and (damaged := records.testzip()) is not None:
            raise ValueError(f"the checksum of {damaged} does not fit its content")


def restore(path: Path, module: nn.Module) -> dict[str, Any]:
    """Load a checkpoint's weights into a module of training; the checkpoint.

    Raises: DataError: missing or damaged, or of another network (names the first mismatch).
    """
    checkpoint = load_checkpoint(path)
    fill(module, checkpoint["state_dict"], path)
    return checkpoint


def fill(module: nn.Module, tensors: Mapping[str, Tensor], source: Path) -> None:
    """Put weights into a module.

    Raises: DataError: they belong to another network (names the first mismatch), or a parameter
        holds NaN or infinity.
    """
    check_weights(str(source), module, tensors)
    for name, _ in module.named_parameters(remove_duplicate=False):
        if not bool(tensors[name].isfinite().all()):
            raise DataError(
                f"{source}: {name} holds NaN or infinity, expected finite numbers; the file is "
                "damaged or the training diverged, so take an earlier checkpoint"
            )
    module.load_state_dict(dict(tensors))


def parts_of(path: Path) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Weights of the network and of the loss with its exits in a checkpoint.

    Raises: DataError: missing or damaged.
    """
    return _parts(load_checkpoint(path))


def _exported(path: Path, sums: Mapping[str, str]) -> dict[str, Tensor]:
    return read_weights(path, sha256=sums.get(path.name))


def _parts(checkpoint: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    tensors = checkpoint["state_dict"]
    return _below(tensors, "net."), _below(tensors, "criterion.")


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): t for k, t in tensors.items() if k.startswith(prefix)}


def _nothing(run: RunFolder, epoch: Epoch | int | None) -> DataError:
    if isinstance(epoch, int):
        kept = ", ".join(map(str, run.kept_epochs())) or "none"
        return DataError(
            f"{run.path}: no checkpoint of epoch {epoch} is kept; those kept: {kept} "
            "(trainer.checkpoint_every_n_epochs)"
        )
    if epoch is not None and (run.weights.exists() or run.last.exists() or run.best.exists()):
        other = "last" if epoch == "best" else "best"
        return DataError(
            f"{run.path}: no checkpoint of the {epoch} epoch is left; take the one that counts "
            f"(no --epoch), or --epoch {other}"
        )
    return DataError(
        f"{run.path}: no trained network in it yet; finish the run with `{run.resuming}`"
    )
