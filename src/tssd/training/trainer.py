"""The one way in which steps are taken, of a run as of a measurement."""

import os
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, Checkpoint
from lightning.pytorch.loggers import Logger

from tssd.training.checkpoint import AtomicCheckpointIO
from tssd.training.module import DistillModule
from tssd.training.parts import Parts
from tssd.training.precision import precision_on
from tssd.training.step_errors import in_one_line


def train(
    module: DistillModule,
    parts: Parts,
    *,
    callbacks: Sequence[Callback] = (),
    loggers: Sequence[Logger] = (),
    **fit: Any,
) -> None:
    """Train with the settings of a run: device, precision, clipping, compilation, length.

    Args:
        module: of the parts.
        parts: the run.
        callbacks: what is done around steps and epochs; without a checkpoint nothing is written.
        loggers: where metrics go besides.
        fit: options of Lightning's `Trainer.fit`, such as ckpt_path.
    Raises: DataError: too little memory, or a number too large for a weight. KeyboardInterrupt:
        Ctrl-C or SIGTERM. As the data and `SelfDistillation.run` else.
    """
    settings, callbacks = parts.trainer, [*callbacks]
    # cuBLAS reads it when it starts, and without it its sums differ from run to run.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if settings.channels_last:
        module.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    if settings.compile:
        mode = None if settings.compile is True else settings.compile
        parts.net.compile(mode=mode, dynamic=False)
        callbacks.append(_NewGraph())
    with warnings.catch_warnings():
        # Advice on workers, logging intervals and validation: all are settings of the recipe.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*number of training batches.*")
        warnings.filterwarnings("ignore", message="Total length of `list` across ranks is zero.*")
        warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
        try:
            trainer = Trainer(
                max_epochs=settings.epochs,
                accelerator=parts.device.type,
                devices=1,
                precision=precision_on(parts.device, settings.precision),
                gradient_clip_val=settings.gradient_clip or None,
                callbacks=callbacks,
                plugins=[AtomicCheckpointIO()],
                logger=[*loggers],
                enable_checkpointing=any(
                    isinstance(callback, Checkpoint) for callback in callbacks
                ),
                enable_progress_bar=False,
                enable_model_summary=False,
                num_sanity_val_steps=0,
                log_every_n_steps=10,
                deterministic=True,
            )
            # A debugging aid of deterministic algorithms: it fills memory that is written anyway,
            # which costs a neuron's scan a pass.
            torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore
            parts.place_data(trainer.strategy.root_device)
            trainer.fit(module, parts.data, **fit)
        except SystemExit:
            # Lightning turns Ctrl-C and SIGTERM into an exit; the caller decides on the exit code.
            raise KeyboardInterrupt from None
        except (MemoryError, RuntimeError) as error:
            if (told := in_one_line(error, parts)) is None:
                raise
            raise told from error


class _NewGraph(Callback):
    """Says where a batch begins: what recorded graphs left of the last may be overwritten."""

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        torch.compiler.cudagraph_mark_step_begin()

    def on_validation_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        torch.compiler.cudagraph_mark_step_begin()
