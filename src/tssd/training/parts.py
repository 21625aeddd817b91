"""What a training run is made of."""

from dataclasses import dataclass
from typing import Any, cast

import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger
from torch import nn

from tssd.data import DataModule
from tssd.errors import UsageError
from tssd.models.base import SpikingNet
from tssd.models.presteps import CountedPreSteps
from tssd.objectives import SelfDistillation
from tssd.objectives.per_timestep import longest_of
from tssd.rules import Rule
from tssd.training.initial_weights import InitialWeights
from tssd.training.loggers import MakeLogger
from tssd.training.module import DistillModule, MakeOptimizer
from tssd.training.schedule import Schedule
from tssd.training.settings import TrainerSettings, best_device

# Of a device's free memory: what images may take of it without being asked for.
SHARE_FOR_DATA = 0.25


@dataclass
class Parts:
    """The objects of a run, and the complete configuration that made them.

    Args:
        config: complete.
        seed: of the run.
        data: connected.
        net: the network.
        criterion: the loss, connected to the network.
        make_optimizer: builds the optimiser from parameters.
        schedule: of the learning rate.
        trainer: settings.
        callbacks: of Lightning, besides those that every run has.
        loggers: of Lightning, or what makes one for a run folder; None = TensorBoard, where it is
            installed. metrics.csv is written in any case.
        init: weights to start from; None = random ones.
        freeze: names of modules or parameters of the network that are not trained.
        rule: how gradients go back in time; None = through all timesteps together.
    """

    config: dict[str, Any]
    seed: int
    data: DataModule
    net: nn.Module
    criterion: SelfDistillation
    make_optimizer: MakeOptimizer
    schedule: Schedule
    trainer: TrainerSettings
    callbacks: tuple[Callback, ...] = ()
    loggers: tuple[Logger | MakeLogger, ...] | None = None
    init: InitialWeights | None = None
    freeze: tuple[str, ...] = ()
    rule: Rule | None = None

    def __post_init__(self) -> None:
        """Tell terms that ask how often each class is.

        Raises: UsageError: a term needs what a compiled network does not show, the rule does not go
            with another part, or the network has not begun to decide at T_s.
        """
        self.criterion.learn_class_counts(lambda: self.data.class_counts)
        terms = dict(self.criterion.terms.items())
        asking = [name for name, term in terms.items() if getattr(term, "needs_membranes", False)]
        if self.trainer.compile and asking:
            raise UsageError(
                f"trainer.compile: objectives.{asking[0]} needs membranes, and a compiled network "
                "shows none; use --trainer.compile false"
            )
        if self.rule is not None:
            self._check_rule(self.rule)
        self._check_pre_steps()

    def _check_pre_steps(self) -> None:
        counted, student = getattr(self.net, "pre_steps", None), self.criterion.timesteps.student
        if isinstance(counted, CountedPreSteps) and student <= counted.pre_steps:
            raise UsageError(
                f"timesteps.student: got {student}, but the first {counted.pre_steps} timesteps of "
                "the network's neurons are pre-steps (pre_steps), which T counts; use --timesteps "
                f"'{{student: {counted.pre_steps + 1}, teacher: {counted.pre_steps + 1}}}' or more"
            )

    def _check_rule(self, rule: Rule) -> None:
        name, settings = type(rule).__name__, self.trainer
        for option, is_set, other in (
            ("compile", settings.compile is not False, "false"),
            ("sync_batch_norm", settings.sync_batch_norm, "false"),
            ("precision", settings.precision == "16-mixed", "bf16-mixed"),
        ):
            if is_set:
                raise UsageError(
                    f"trainer.{option}: got {getattr(settings, option)}, which does not go with "
                    f"rule {name}, whose gradients are computed piece by piece; use "
                    f"--trainer.{option} {other}, or --rule null"
                )
        like = next(iter(self.net.parameters()), torch.empty(0))
        x_t = torch.zeros(1, *self.data.sample_shape, device=like.device)
        rule.check(self.criterion, cast(SpikingNet, self.net), x_t)

    def module(self) -> DistillModule:
        """The Lightning module."""
        return DistillModule(
            self.net,
            self.criterion,
            make_optimizer=self.make_optimizer,
            schedule=self.schedule,
            decay_norms_and_biases=self.trainer.decay_norms_and_biases,
            rule=self.rule,
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
