"""The only training step of the project."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from tssd.data.given_loader import GivenLoader
from tssd.data.loading import BatchLoader
from tssd.data.shares import Share
from tssd.errors import UsageError
from tssd.models.base import SpikingNet
from tssd.objectives import DivergedError, Loss, SelfDistillation, as_sequence
from tssd.objectives.later import LaterChecks
from tssd.objectives.terms import SUM
from tssd.parameter_options import parameter_groups
from tssd.progress import set_progress
from tssd.rules import Rule
from tssd.time import running_mean
from tssd.training.schedule import Schedule, refuse_short, step_schedule
from tssd.training.steps import Steps
from tssd.training.trial import on_one_weight

# Steps between two looks at what a device has found wrong with them.
LOOK_EVERY = 50

# Called with the parameters, or with groups of them where some take other options.
MakeOptimizer = Callable[[Iterable[Any]], Optimizer]


class DistillModule(LightningModule):
    """A network, its loss and its optimiser.

    Args:
        net: the network; shipped.
        criterion: the connected loss with its exits; not shipped with the network.
        make_optimizer: builds the optimiser from the parameters of both.
        schedule: of the learning rate.
        decay_norms_and_biases: whether weight decay applies to them, too.
        rule: how gradients go back in time; None = through all timesteps together.
    """

    def __init__(
        self,
        net: nn.Module,
        criterion: SelfDistillation,
        *,
        make_optimizer: MakeOptimizer,
        schedule: Schedule,
        decay_norms_and_biases: bool = True,
        rule: Rule | None = None,
    ) -> None:
        super().__init__()
        self.net = net
        self.criterion = criterion
        self.make_optimizer = make_optimizer
        self.schedule = schedule
        self.decay_norms_and_biases = decay_norms_and_biases
        self.rule = rule
        # Of the last step, to show.
        self.terms: dict[str, Tensor] = {}
        # On CUDA: what is asked of steps without waiting for the device.
        self.later: LaterChecks | None = None

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Loss of one batch: x [N, C, H, W] or [T, N, C, H, W], y [N]."""
        x, y = batch
        self.tell_progress(self.share_of_epoch(batch_idx))
        # An epoch's first step is waited for: a mistake in the data or the network, which all steps
        # have, is told at once and with its values.
        later = self.later if batch_idx else None
        try:
            loss = self._loss(x, y, later)
        except DivergedError as error:
            raise self._diverged(error.what, self.global_step + 1) from error
        if later is not None:
            later.end_step(self.global_step + 1)
            is_last = batch_idx + 1 == self.trainer.num_training_batches
            if is_last or batch_idx % LOOK_EVERY == 0:
                self._look()
        terms = {name: value.detach() for name, value in loss.terms.items()}
        self.terms = {SUM: loss.total.detach(), **terms}
        counted, weight = self._counted(batch_idx, y.shape[0])
        self._log({f"train/{name}": value for name, value in self.terms.items()}, counted)
        return loss.total if weight == 1 else weight * loss.total

    def _loss(self, x: Tensor, y: Tensor, later: LaterChecks | None) -> Loss:
        net = cast(SpikingNet, self.net)
        if self.rule is not None:
            return self.rule.run(self.criterion, net, x, y, later=later)
        return self.criterion.run(net, x, y, later=later)

    @property
    def steps(self) -> Steps:
        """Which batches of an epoch make a step."""
        return Steps(int(self.trainer.num_training_batches), self.trainer.accumulate_grad_batches)

    def share_of_epoch(self, batch_idx: int) -> float:
        """How much of the epoch is over when the step of this batch begins, 0 to below 1."""
        return self.steps.share_of_epoch(batch_idx)

    def _counted(self, batch_idx: int, size: int) -> tuple[int, float]:
        """Samples of a batch that this process counts for, and the weight of their mean loss."""
        loader, processes = self.trainer.train_dataloader, self.trainer.world_size
        if not isinstance(loader, BatchLoader):  # of a data module of the user's own
            if processes > 1:
                raise UsageError(
                    "data: its training loader does not share batches out to several devices; "
                    "build it with tssd.data.loading.training_loader, or use --trainer.devices 1"
                )
            if self.steps.accumulate == 1:
                return size, 1.0
            if not isinstance(loader, GivenLoader):
                raise UsageError(
                    "data: its training loader does not say how large its batches are, which "
                    "trainer.accumulate needs; build it with tssd.data.loading.training_loader, or "
                    "use --trainer.accumulate 1"
                )
            loader.check_size(batch_idx, size)
            return size, self.steps.weight(batch_idx, size, size_of=loader.size_of)
        counted = len(Share(self.trainer.global_rank, processes).counted(loader.size_of(batch_idx)))
        return counted, self.steps.weight(
            batch_idx, counted, size_of=loader.size_of, processes=processes
        )

    def _log(self, values: dict[str, Tensor], samples: int) -> None:
        """Log means over samples, which become those of the epoch and of all processes."""
        several = self.trainer.world_size > 1
        self.log_dict(
            values,
            # Lightning would take the first axis for the batch, and that is T. Of numbers of
            # samples that are integers it would take the whole part of their mean over processes.
            batch_size=float(samples) if several else samples,  # pyright: ignore
            on_step=False,
            on_epoch=True,
            sync_dist=several,
        )

    def tell_progress(self, share: float = 0.0) -> dict[str, float]:
        """Tell all parts how far training is, `share` of the current epoch; what they answer."""
        epochs = cast(int, self.trainer.max_epochs)
        return set_progress([self.net, self.criterion], self.current_epoch + share, epochs)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Accuracy at every T up to the teacher's, from one pass.

        `val/accuracy` and `val/loss` are at T_s; the latter is the cross entropy, which methods
        with other terms share.
        """
        self._log(self.measured(batch, "val"), batch[1].shape[0])

    def measured(self, batch: tuple[Tensor, Tensor], name: str) -> dict[str, Tensor]:
        """What `validation_step` logs of a batch, under the name of its set."""
        x, y = batch
        timesteps = self.criterion.timesteps
        logits = self.net(as_sequence(x, y, timesteps.teacher, net=self.net)).logits
        scores = running_mean(logits.float())
        right = (scores.argmax(-1) == y).float().mean(-1)
        at_student = timesteps.student - 1
        values = {f"{name}/accuracy_t{t + 1}": value for t, value in enumerate(right)}
        values[f"{name}/accuracy"] = right[at_student]
        values[f"{name}/loss"] = cross_entropy(scores[at_student], y.long())
        return values

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The optimiser over network and exits, its schedule stepped every batch."""
        try:
            optimizer = self.make_optimizer(self._parameters_or_groups())
        except UsageError:
            raise
        except (ValueError, TypeError) as error:  # such as torch.optim.LBFGS, which takes one group
            raise UsageError(f"optimizer: {error}") from error
        scheduler: Any = self.schedule.configured(optimizer, *self.length())
        refuse_short(scheduler, self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": scheduler}

    def length(self) -> tuple[int, int]:
        """Epochs of the training, and optimisation steps of one."""
        epochs = cast(int, self.trainer.max_epochs)
        return epochs, int(self.trainer.estimated_stepping_batches) // epochs

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Step a scheduler of steps; those of epochs are stepped as an epoch ends.

        Lightning would step these after the checkpoint is saved, and a resumed run would lack one.
        """
        if self._interval_of(scheduler) == "step":
            step_schedule(scheduler, steps=self.global_step, metric=metric)

    def _interval_of(self, scheduler: Any) -> str:
        configs = self.trainer.lr_scheduler_configs
        return next(each.interval for each in configs if each.scheduler is scheduler)

    def _parameters_or_groups(self) -> list[Any]:
        # The rate that the optimiser gives to what says nothing of its own.
        rate = on_one_weight(self.make_optimizer).param_groups[0].get("lr")
        groups = parameter_groups(
            self.net, self.criterion, lr=rate, decay_norms_and_biases=self.decay_norms_and_biases
        )
        # Not every optimiser knows groups, and few runs need them.
        is_one = len(groups) == 1 and groups[0].keys() == {"params"}
        return groups[0]["params"] if is_one else groups

    def on_train_start(self) -> None:
        """Take the learning rate from the schedule, whose length may have changed on resuming.

        And choose how steps are checked.
        """
        if self.device.type == "cuda":
            self.later = LaterChecks()
        for config in self.trainer.lr_scheduler_configs:
            scheduler = config.scheduler
            if isinstance(scheduler, LambdaLR):
                parts = zip(scheduler.base_lrs, scheduler.lr_lambdas, strict=True)
                rates = [base * factor(scheduler.last_epoch) for base, factor in parts]
                for group, rate in zip(scheduler.optimizer.param_groups, rates, strict=True):
                    group["lr"] = rate

    def on_train_epoch_end(self) -> None:
        """Keep weights that the epoch's last step has ruined out of the checkpoint.

        And step the schedules of epochs.
        """
        self._look()  # where training is stopped in the midst of an epoch
        for name, weight in self.named_parameters():
            if not weight.isfinite().all():
                what = f"weights: {name} became infinite or nan"
                raise self._diverged(what, self.global_step)
        metrics = self.trainer.callback_metrics
        for config in self.trainer.lr_scheduler_configs:
            if config.interval == "epoch" and (self.current_epoch + 1) % config.frequency == 0:
                followed = config.monitor if config.reduce_on_plateau else None
                metric = None if followed is None else metrics.get(followed)
                if metric is None and followed is not None:
                    raise UsageError(
                        f"schedule: {followed!r} is not there to follow after epoch "
                        f"{self.current_epoch + 1}, only {', '.join(sorted(metrics)) or 'nothing'};"
                        " validate in every epoch in which the schedule is stepped (its "
                        "'frequency'), or monitor another"
                    )
                step_schedule(config.scheduler, epoch=self.current_epoch + 1, metric=metric)

    def _look(self) -> None:
        if self.later is not None and (wrong := self.later.look()):
            error = wrong.error()
            if isinstance(error, DivergedError):
                error = self._diverged(error.what, wrong.step)
            raise error

    def _diverged(self, what: str, step: int) -> DivergedError:
        return DivergedError(
            f"{what} in epoch {self.current_epoch + 1}, step {step}",
            "lower --optimizer.lr or the term's weight, or clip with --trainer.gradient_clip 1; "
            "checkpoints of finished epochs are intact",
        )
