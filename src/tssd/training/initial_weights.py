"""Weights of another training that a run starts from."""

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tssd.errors import DataError, TssdError, UsageError
from tssd.hub.locate import located
from tssd.listed import and_more
from tssd.runs.folder import RunFolder
from tssd.runs.saved import parts_of, saved_weights
from tssd.runs.weights import read_weights
from tssd.unwrapped import unwrapped

log = logging.getLogger("tssd")

# Names that a message lists.
SHOWN = 4
# Of the network's tensors, the share that has to fit: else the weights are those of another one.
ENOUGH = 0.5


class InitialWeights:
    """Weights that training starts from, instead of random ones.

    Those of a run may be of other classes, input channels or timesteps: what has another shape
    stays as the run makes it, and that is said. They are read when training begins: a run that is
    resumed has its own, and the source need not be there any more.

    Args:
        source: a run folder or `hub:...`, whose weights that count are taken, a checkpoint of a
            run, or a .safetensors file of a network's state_dict.
    """

    def __init__(self, source: str | Path) -> None:
        self.source = Path(source)

    def read(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The tensors of network and exits, the latter empty where there are none.

        Raises: DataError: there are none, or they are damaged.
        """
        try:
            source = located(self.source)
            if source.is_dir():
                saved = saved_weights(RunFolder.open(source))
                return saved.net, saved.exits
            if source.suffix == ".ckpt":
                return parts_of(source)
            if not source.exists():
                raise DataError(
                    f"{source}: no such file or folder; expected a run, or weights in .safetensors"
                )
            return read_weights(source), {}
        except TssdError as error:
            raise type(error)(f"init: {error}") from error

    def put_into(self, net: nn.Module, exits: nn.Module) -> str:
        """Put what fits into a network and its exits; what is to be said of it, in one line.

        Args:
            net: the network.
            exits: the connected loss with them.
        Raises: DataError: as `read`, or a number is not finite. UsageError: less than half of the
            network's tensors fit.
        """
        of_net, of_exits = self.read()
        taken = _fitting(net, _named_like(of_net, net))
        if len(taken.tensors) < ENOUGH * taken.of:
            raise UsageError(
                f"init: {self.source} holds another network: {len(taken.tensors)} of the "
                f"{taken.of} tensors of this one are in it with the same shape; the first that is "
                f"not: {taken.lacking[0]}; give weights of the same kind of network (--init), or "
                "build this one like it (--net)"
            )
        _fill(net, taken, self.source)
        told = [taken.in_words(f"init: {self.source}", "the network")]
        # Exits of another place or method are no mistake: few networks that are shipped have any.
        if own := _fitting(exits, of_exits).tensors:
            _fill(exits, _fitting(exits, of_exits), self.source)
            told.append(f"{len(own)} of its {len(exits.state_dict())} tensors into the exits")
        return "; ".join(told)

    def fingerprint(self) -> str:
        """Of all tensors, names included. Raises: DataError: as `read`."""
        digest = hashlib.sha256()
        for tensors in self.read():
            for name, tensor in sorted(tensors.items()):
                digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
                digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
        return digest.hexdigest()[:16]

    def noted(self, before: object, *, where: object, resumes: bool) -> dict[str, Any]:
        """What environment.json says of the weights; on resuming compared with what it said.

        Args:
            before: what it said.
            where: the run folder, for the message.
            resumes: whether there is a checkpoint, so that the weights are needed no more.
        Raises: DataError: they are not those that the run began with.
        """
        known = before if isinstance(before, Mapping) else {}
        if resumes and not self.source.exists():
            return dict(known)
        now = self.fingerprint()
        if known.get("fingerprint") not in (None, now):
            raise DataError(
                f"{where}: the weights that this run began with have changed: init {self.source} "
                f"was {known['fingerprint']}, now it is {now}; put them back as they were, or "
                "train into another --output"
            )
        return {"weights": str(self.source), "fingerprint": now}


class _Taken(NamedTuple):
    """Tensors that fit, of how many, and what does not, in words."""

    tensors: dict[str, Tensor]
    of: int
    lacking: list[str]
    surplus: list[str]

    def in_words(self, source: str, target: str) -> str:
        """One line."""
        told = f"{source}: {len(self.tensors)} of {self.of} tensors of {target} are taken"
        if self.lacking:
            told += f"; those stay as they are built: {and_more(self.lacking, SHOWN)}"
        if self.surplus:
            told += f"; not in {target}: {and_more(self.surplus, SHOWN)}"
        return told


def _fitting(module: nn.Module, tensors: Mapping[str, Tensor]) -> _Taken:
    own = module.state_dict()
    fit: dict[str, Tensor] = {}
    lacking: list[str] = []
    for name, wanted in own.items():
        found = tensors.get(name)
        if found is None:
            lacking.append(f"{name} (not there)")
        elif found.shape != wanted.shape:
            lacking.append(f"{name} ({list(found.shape)} there, {list(wanted.shape)} here)")
        elif found.is_floating_point() != wanted.is_floating_point():
            lacking.append(f"{name} ({found.dtype} there, {wanted.dtype} here)")
        else:
            fit[name] = found
    return _Taken(fit, len(own), lacking, [name for name in tensors if name not in own])


def _fill(module: nn.Module, taken: _Taken, source: Path) -> None:
    for name, tensor in taken.tensors.items():
        if not bool(tensor.isfinite().all()):
            raise DataError(
                f"init: {source}: {name} holds NaN or infinity, expected finite numbers; take "
                "weights of an earlier checkpoint"
            )
    module.load_state_dict(taken.tensors, strict=False)


def _named_like(tensors: dict[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    """The same under the network's own names.

    The module of an adapted network is inside of it; DistributedDataParallel and torch.compile
    put a prefix before all names.
    """
    own = net.state_dict().keys()
    wrapped = {f"module.{name}": tensor for name, tensor in tensors.items()}
    tried = [tensors, wrapped, *unwrapped(tensors)]
    return max(tried, key=lambda each: len(each.keys() & own))
