"""What a training run is made of."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tssd.data import DataModule
from tssd.errors import UsageError
from tssd.objectives import SelfDistillation
from tssd.objectives.per_timestep import longest_of
from tssd.training.module import DistillModule, MakeOptimizer
from tssd.training.schedule import Schedule
from tssd.training.settings import TrainerSettings, best_device

# Of a device's free memory: what images may take of it without being asked for.
SHARE_FOR_DATA = 0.25


@dataclass
class Parts:
    """The objects of a run, and the complete configuration that made them."""

    config: dict[str, Any]
    seed: int
    data: DataModule
    net: nn.Module
    criterion: SelfDistillation
    make_optimizer: MakeOptimizer
    schedule: Schedule
    trainer: TrainerSettings

    def __post_init__(self) -> None:
        """Tell terms that ask how often each class is.

        Raises: UsageError: a term needs what a compiled network does not show.
        """
        self.criterion.learn_class_counts(lambda: self.data.class_counts)
        terms = dict(self.criterion.terms.items())
        asking = [name for name, term in terms.items() if getattr(term, "needs_membranes", False)]
        if self.trainer.compile and asking:
            raise UsageError(
                f"trainer.compile: objectives.{asking[0]} needs membranes, and a compiled network "
                "shows none; use --trainer.compile false"
            )

    def module(self) -> DistillModule:
        """The Lightning module."""
        return DistillModule(
            self.net,
            self.criterion,
            make_optimizer=self.make_optimizer,
            schedule=self.schedule,
            decay_norms_and_biases=self.trainer.decay_norms_and_biases,
        )

    @property
    def device(self) -> torch.device:
        """Where training and evaluation take place."""
        return best_device(self.trainer.accelerator)

    @property
    def evaluate_timesteps(self) -> int:
        """The longest T to evaluate at, that the network can run unless it is told otherwise."""
        wanted = self.trainer.evaluated(self.criterion.timesteps.teacher)
        most = longest_of(self.net, self.criterion)
        told = self.trainer.evaluate_timesteps is not None
        return wanted if told or most is None else min(wanted, most)

    def place_data(self, device: torch.device) -> None:
        """Let the images live on the device of training, if the settings say so and they fit."""
        wanted, size = self.trainer.data_on_device, self.data.placeable_bytes
        if size is None or wanted is False:
            return
        if wanted is True or (device.type == "cuda" and size <= SHARE_FOR_DATA * _free(device)):
            self.data.place(device)


def _free(device: torch.device) -> int:
    return torch.cuda.mem_get_info(device)[0]
