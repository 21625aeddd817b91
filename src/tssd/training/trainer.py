"""The one way in which steps are taken, of a run as of a measurement."""

import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.pytorch.callbacks import (
    Callback,
    Checkpoint,
    ModelSummary,
    ProgressBar,
    WeightAveraging,
)
from lightning.pytorch.loggers import Logger

from tssd.data.shares import Share
from tssd.signals import is_interrupted
from tssd.training.checkpoint import AtomicCheckpointIO
from tssd.training.frozen_parts import wake
from tssd.training.memory import memory_kept
from tssd.training.module import DistillModule
from tssd.training.parts import Parts
from tssd.training.precision import precision_on
from tssd.training.step_errors import one_line_step_errors

# Beginnings of warnings on workers, logging intervals, validation and the like.
ADVICE = (
    ".*does not have many workers.*",
    ".*number of training batches.*",
    "Total length of `list` across ranks is zero.*",
    ".*isinstance.treespec, LeafSpec.*",
    # Of float16: its scaler leaves the first steps out until its factor is small enough.
    "Detected call of `lr_scheduler.step",
    # Of torch.compile before 2.13: the precision is a setting, too.
    "TensorFloat32 tensor cores",
)


def train(
    module: DistillModule,
    parts: Parts,
    *,
    share: Share | None = None,
    callbacks: Sequence[Callback] = (),
    loggers: Sequence[Logger] = (),
    folder: Path | None = None,
    **fit: Any,
) -> None:
    """Train with the settings of a run: device, precision, clipping, compilation, length.

    Args:
        module: of the parts.
        parts: the run.
        share: of this process among those of the settings, which have joined a group; None = this
            process alone.
        callbacks: what is done around steps and epochs; without a checkpoint nothing is written.
        loggers: where metrics go besides.
        folder: where callbacks write that are not told where to; None = here.
        fit: options of Lightning's `Trainer.fit`, such as ckpt_path.
    Raises: DataError: too little memory, or a number too large for a weight. KeyboardInterrupt:
        Ctrl-C or SIGTERM. As the data and `SelfDistillation.run` else.
    """
    settings, share, callbacks = parts.trainer, share or Share(), [*callbacks]

    def has(kind: type[Callback]) -> bool:
        return any(isinstance(callback, kind) for callback in callbacks)

    wake(parts.net)
    # cuBLAS reads it when it starts, and without it its sums differ from run to run.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if has(WeightAveraging):
        module.to(
            parts.device
        )  # where the averages are to be, which are made before Lightning moves it
    if settings.channels_last:
        module.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    several: dict[str, Any] = {"devices": 1}
    callbacks.append(_BeforeEachBatch(_heed_signals))
    plugins: list[Any] = [AtomicCheckpointIO()]
    if share.processes > 1:
        callbacks.append(_OwnSettings(parts))
        several = {"devices": settings.devices, "num_nodes": settings.nodes}
        several |= {"strategy": settings.strategy, "sync_batchnorm": settings.sync_batch_norm}
        plugins.append(TorchElasticEnvironment())
    if settings.compile:
        mode = None if settings.compile is True else settings.compile
        parts.net.compile(mode=mode, dynamic=False)
        # What recorded graphs left of the last batch may be overwritten.
        callbacks.append(_BeforeEachBatch(torch.compiler.cudagraph_mark_step_begin))
    with _without_advice(), _interrupts_kept(), one_line_step_errors(parts):
        trainer = Trainer(
            max_epochs=settings.epochs,
            accelerator=parts.device.type,
            **several,
            precision=precision_on(parts.device, settings.precision),
            accumulate_grad_batches=settings.accumulate,
            gradient_clip_val=settings.gradient_clip or None,
            gradient_clip_algorithm=settings.gradient_clip_algorithm,
            check_val_every_n_epoch=settings.check_val_every_n_epoch,
            callbacks=callbacks,
            plugins=plugins,
            use_distributed_sampler=False,  # loaders give shares by themselves
            logger=[*loggers],
            default_root_dir=folder,
            enable_checkpointing=has(Checkpoint),
            enable_progress_bar=has(ProgressBar),
            enable_model_summary=has(ModelSummary),
            num_sanity_val_steps=0,
            log_every_n_steps=settings.log_every_n_steps or 10,
            deterministic=True,
        )
        # A debugging aid of deterministic algorithms: it fills memory that is written anyway,
        # which costs a neuron's scan a pass.
        torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore
        parts.place_data(trainer.strategy.root_device)
        with parts.data.shared_out(share), memory_kept():
            trainer.fit(module, parts.data, **fit)


@contextmanager
def _without_advice() -> Iterator[None]:
    """Inside, no warning of what is decided by settings of the recipe."""
    with warnings.catch_warnings():
        for message in ADVICE:
            warnings.filterwarnings("ignore", message=message)
        yield


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Inside, Ctrl-C and SIGTERM, which Lightning turns into an exit, are an interrupt.

    The caller decides on the exit code.
    """
    try:
        yield
    except SystemExit:
        raise KeyboardInterrupt from None


class _BeforeEachBatch(Callback):
    """Does something before each batch of training and of validation."""

    def __init__(self, do: Callable[[], object]) -> None:
        self._do = do

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._do()

    def on_validation_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        self._do()


def _heed_signals() -> None:
    """End training by a signal whose exception got lost, as in a destructor."""
    if is_interrupted():
        raise KeyboardInterrupt


class _OwnSettings(Callback):
    """Takes back what Lightning sets for several processes.

    It would share the processor out whatever `trainer.threads` says, and on SIGTERM it would talk
    to the other processes, which are in the middle of something else and don't listen.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._handler = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._parts.trainer.use_threads()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._handler)
