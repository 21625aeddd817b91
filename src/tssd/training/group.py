"""Processes that train one run together: the first leads, the others follow.

The first does all that a process alone does: it holds the folder, writes, evaluates and talks. The
others take their share of every step and end.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple, NoReturn

import torch
from torch import distributed
from torch.distributed import TCPStore  # pyright: ignore[reportPrivateImportUsage] - documented

from tssd.data.shares import Share
from tssd.errors import DataError
from tssd.processes import follow_input
from tssd.runs.folder import RunFolder
from tssd.training.followers import FOLLOWS, Followers, followers
from tssd.training.parts import Parts
from tssd.training.place import PROCESSES, RANK, is_started, place
from tssd.training.settings import Precision
from tssd.training.starting import around, start_from
from tssd.training.teachers import introduce
from tssd.training.trainer import train

# How long one process may wait for another, which may read a large data set, or save weights.
WAIT = timedelta(hours=2)
HERE = "127.0.0.1"
# By which torch says that a process that it waits for is gone.
GONE = ("Connection closed by peer", "Connection reset", "Broken pipe", "NCCL", "Socket Timeout")


class Order(NamedTuple):
    """What the first process has found out: whether training resumes, and in which precision."""

    resumes: bool
    precision: Precision


class Leader:
    """Process 0, or the only one; used around all that it does for the run.

    Args:
        parts: the run.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._share = place(parts.trainer)
        self._has_led = False

    @contextmanager
    def leading(self) -> Iterator[None]:
        """Send others home that somebody has started, if there turns out to be nothing to do."""
        yield
        if self._share.processes > 1 and is_started() and not self._has_led:
            with self._joined_by_others():
                _tell(None)

    @contextmanager
    def together(self, *, resumes: bool) -> Iterator[Share]:
        """Train together with the others inside.

        Args:
            resumes: whether from the last checkpoint.
        Raises: TssdError: what has ended one of the others.
        """
        if self._share.processes == 1:
            yield self._share
            return
        self._has_led = True
        joined = self._joined_by_others if is_started() else self._with_followers
        with joined():
            _tell(Order(resumes, self._parts.trainer.precision))
            yield self._share

    @contextmanager
    def _joined_by_others(self) -> Iterator[None]:
        try:
            with _group(self._parts):
                yield
        except RuntimeError as error:
            if not _is_gone(error):
                raise
            raise DataError(
                "another process of this run has ended, and has said why; finished epochs are "
                "kept, continue with --resume"
            ) from error

    @contextmanager
    def _with_followers(self) -> Iterator[None]:
        number = self._share.processes
        store = TCPStore(HERE, 0, number, is_master=True, timeout=WAIT, wait_for_workers=False)
        told = {
            PROCESSES: str(number),
            "LOCAL_WORLD_SIZE": str(number),
            "MASTER_ADDR": HERE,
            "MASTER_PORT": str(store.port),
        }
        own = {**told, RANK: "0", "LOCAL_RANK": "0"}
        with _environment(own), followers(number - 1, told) as others:
            _wait_for(others, store, number)
            with _group(self._parts, store):
                yield


def follow(parts: Parts, run: RunFolder) -> NoReturn:
    """Take part in training as another process than the first, and end this process.

    Raises: SystemExit: it is done. As `train` else.
    """
    share = place(parts.trainer)
    store = None
    if FOLLOWS in os.environ:
        follow_input()
        port = int(os.environ["MASTER_PORT"])
        store = TCPStore(HERE, port, share.processes, is_master=False, timeout=WAIT)
    parts.trainer.use_threads()
    introduce(parts)
    if store is not None:
        store.set(_ready(share.rank), "")
    try:
        with _group(parts, store):
            if (order := _told()) is not None:
                # What `auto` is here counts for all.
                parts.trainer = replace(parts.trainer, precision=order.precision)
                _take_part(parts, run, share, resumes=order.resumes)
    except RuntimeError as error:
        if not _is_gone(error):
            raise
        raise SystemExit(1) from error  # the first has said why
    raise SystemExit(0)


def _take_part(parts: Parts, run: RunFolder, share: Share, *, resumes: bool) -> None:
    # What the first process has, without what it writes: they save and stop at the same time.
    start_from(parts, resumes=resumes)
    train(
        parts.module(),
        parts,
        share=share,
        callbacks=around(parts, run, rank=share.rank).callbacks,
        ckpt_path=run.last if resumes else None,
    )


def _is_gone(error: RuntimeError) -> bool:
    return any(sign in str(error) for sign in GONE)


def _wait_for(others: Followers, store: TCPStore, number: int) -> None:
    """Wait until all are ready: whoever joins a group of processes can't be interrupted."""
    while not store.check([_ready(rank) for rank in range(1, number)]):
        if (failure := others.failure()) is not None:
            raise failure
        time.sleep(0.02)


def _ready(rank: int) -> str:
    return f"tssd/ready/{rank}"


@contextmanager
def _group(parts: Parts, store: TCPStore | None = None) -> Iterator[None]:
    """The group of all processes, as torch and Lightning use it."""
    share, device = place(parts.trainer), parts.device
    if device.type == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    backend = "nccl" if device.type == "cuda" else "gloo"
    if store is None:
        distributed.init_process_group(backend, timeout=WAIT)
    else:
        distributed.init_process_group(
            backend, store=store, rank=share.rank, world_size=share.processes, timeout=WAIT
        )
    try:
        yield
    finally:
        distributed.destroy_process_group()


def _tell(order: Order | None) -> None:
    """Tell the others how to train; None = there is nothing to do."""
    distributed.broadcast_object_list([order])


def _told() -> Order | None:
    told: list[Order | None] = [None]
    distributed.broadcast_object_list(told)
    return told[0]


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
