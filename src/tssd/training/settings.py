"""Settings of a training run that are not the method: length, precision, machine."""

import math
from dataclasses import dataclass
from typing import Literal

import torch

from tssd.errors import UsageError
from tssd.runs.which_epoch import Select

Precision = Literal["32-true", "bf16-mixed", "16-mixed", "auto"]
# What `auto` may come to be.
SettledPrecision = Literal["32-true", "bf16-mixed", "16-mixed"]
Accelerator = Literal["auto", "cpu", "cuda", "mps"]
# True is torch.compile's own mode, "default".
Compile = bool | Literal["reduce-overhead", "max-autotune"]
OnDevice = bool | Literal["auto"]
Strategy = Literal["auto", "ddp", "ddp_find_unused_parameters_true"]
Clipping = Literal["norm", "value"]

# Far above what makes sense, and below what ends a process: a thread too many ends it at once.
MOST_EPOCHS, MOST_THREADS, MOST_TIMESTEPS = 1_000_000, 512, 100_000
MOST_DEVICES, MOST_NODES, MOST_ACCUMULATED = 1_024, 65_536, 1_000_000


@dataclass(frozen=True)
class TrainerSettings:
    """How long and on what to train.

    Args:
        epochs: passes over the training images.
        accelerator: device to train on; auto takes the best there is.
        precision: 32-true, or mixed precision with bfloat16 or float16; auto is bf16-mixed where
            the device has instructions for it, else 32-true, and stays what it was at the start.
        compile: whether to compile the network with torch.compile before training; reduce-overhead
            records CUDA graphs besides, and max-autotune also tries kernels out first.
        channels_last: whether convolutions have their channels last in memory, which tensor cores
            take without rearranging; the same results up to rounding.
        data_on_device: whether images live on the device as bytes and are augmented there, the same
            images; auto: on CUDA, if they take at most a quarter of the memory that is free.
        gradient_clip: largest norm of the gradient, over all parameters; 0 = no clipping.
        gradient_clip_algorithm: norm, or value: then gradient_clip bounds each number of it.
        decay_norms_and_biases: whether weight decay applies to the scales and shifts of norms and
            to biases, as to all other parameters.
        select: whose weights are the result: of the last epoch, the best on the validation samples,
            or auto: the last if there are fewer than 1000 of these.
        evaluate_timesteps: longest T to evaluate at; null = the teacher's timesteps, at least 4
            where the network can run so long.
        threads: CPU threads for the arithmetic; 0 = torch's choice. Results depend on it, and
            small networks are several times faster with 1.
        progress: whether to show how far training is: a bar, or lines where there is no terminal.
        devices: devices of each machine, a process each; they share every batch, so that a recipe
            trains the same on any number of them.
        nodes: machines; more than one need torchrun.
        strategy: Lightning's, with several devices: ddp, or ddp_find_unused_parameters_true for
            networks with weights that some steps don't use; auto = ddp.
        accumulate: batches a step; gradients are those of one batch of all their samples.
        sync_batch_norm: whether batch norm takes statistics over all devices, GPUs alone; else
            each normalises its share of the batch, and those of the first are kept. One device
            sees whole batches, so that it changes nothing there.
        check_val_every_n_epoch: epochs from one validation to the next; those between have no
            accuracy and are never the best.
        checkpoint_every_n_epochs: epochs from one checkpoint that is kept, as epochN.ckpt, to the
            next; 0 = none besides the best and the last.
        log_every_n_steps: steps from one whose loss and terms the logger gets, as step/TERM, to
            the next; 0 = means of epochs alone.
    Raises: UsageError: a number out of range, CUDA or MPS asked for where there is none, float16
        on a CPU, two options of which one undoes the other.
    """

    epochs: int = 100
    accelerator: Accelerator = "auto"
    precision: Precision = "32-true"
    compile: Compile = False
    channels_last: bool = False
    data_on_device: OnDevice = "auto"
    gradient_clip: float = 0.0
    decay_norms_and_biases: bool = True
    select: Select = "auto"
    evaluate_timesteps: int | None = None
    threads: int = 0
    progress: bool = True
    # Several devices, and steps of several batches.
    devices: int = 1
    nodes: int = 1
    strategy: Strategy = "auto"
    accumulate: int = 1
    sync_batch_norm: bool = False
    # Named as in Lightning. Later than the first runs: see LATER.
    gradient_clip_algorithm: Clipping = "norm"
    check_val_every_n_epoch: int = 1
    checkpoint_every_n_epochs: int = 0
    log_every_n_steps: int = 0

    @property
    def processes(self) -> int:
        """How many train together."""
        return self.devices * self.nodes

    def evaluated(self, teacher: int) -> int:
        """The longest T to evaluate at: enough for a table of T = 1, 2, 4 at least.

        Args:
            teacher: timesteps T_t in training.
        """
        return self.evaluate_timesteps or max(teacher, 4)

    def use_threads(self) -> None:
        """Set the CPU threads of this process, if the settings say how many."""
        if self.threads:
            torch.set_num_threads(self.threads)

    def __post_init__(self) -> None:
        _check("epochs", self.epochs, 1, MOST_EPOCHS)
        _check("threads", self.threads, 0, MOST_THREADS)
        _check("devices", self.devices, 1, MOST_DEVICES)
        _check("nodes", self.nodes, 1, MOST_NODES)
        _check("accumulate", self.accumulate, 1, MOST_ACCUMULATED)
        _check("check_val_every_n_epoch", self.check_val_every_n_epoch, 1, MOST_EPOCHS)
        _check("checkpoint_every_n_epochs", self.checkpoint_every_n_epochs, 0, MOST_EPOCHS)
        _check("log_every_n_steps", self.log_every_n_steps, 0, MOST_ACCUMULATED)
        if not (self.gradient_clip >= 0 and math.isfinite(self.gradient_clip)):
            raise UsageError(
                f"trainer.gradient_clip: got {self.gradient_clip}, expected >= 0, 0 for no clipping"
            )
        if self.gradient_clip_algorithm != "norm" and not self.gradient_clip:
            raise UsageError(
                f"trainer.gradient_clip_algorithm: got {self.gradient_clip_algorithm}, but "
                "trainer.gradient_clip is 0, which clips nothing; give --trainer.gradient_clip 0.5,"
                " say, or leave the algorithm out"
            )
        if self.evaluate_timesteps is not None:
            _check("evaluate_timesteps", self.evaluate_timesteps, 1, MOST_TIMESTEPS)
        if self.accumulate > 1 and self.compile not in (True, False):
            raise UsageError(
                f"trainer.compile: {self.compile} records CUDA graphs, which overwrite the "
                f"gradients that trainer.accumulate {self.accumulate} adds up; use "
                "--trainer.compile true, or --trainer.accumulate 1"
            )
        # Lightning would quietly take bfloat16 instead.
        if best_device(self.accelerator).type == "cpu" and self.precision == "16-mixed":
            raise UsageError(
                "trainer.precision: 16-mixed needs a GPU, and training is on the CPU; use "
                "--trainer.precision bf16-mixed"
            )


# Options that a config.yaml has only where they differ from this, as runs from before have none.
LATER = {
    name: getattr(TrainerSettings, name)
    for name in (
        "gradient_clip_algorithm",
        "check_val_every_n_epoch",
        "checkpoint_every_n_epochs",
        "log_every_n_steps",
    )
}


def _check(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UsageError(f"trainer.{name}: got {value}, expected >= {least} and <= {most}")


def best_device(accelerator: str) -> torch.device:
    """The torch device of an accelerator's name; auto takes the best there is.

    Raises: UsageError: this machine, or this torch, does not have it.
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if accelerator == "auto":
        accelerator = next((name for name, there in present.items() if there), "cpu")
    if not present.get(accelerator, accelerator == "cpu"):
        raise UsageError(
            f"trainer.accelerator: {accelerator} was asked for, but torch {torch.__version__} "
            "finds none on this machine; use --trainer.accelerator cpu (or auto)"
        )
    return torch.device(accelerator)
