"""`tssd.TssdModule`: TSSD in a Lightning Trainer of one's own."""

import math
from collections.abc import Sequence
from typing import Any, cast

from torch import Tensor, nn

from tssd.adapters.given import self_adapted
from tssd.config.make import make
from tssd.config.recipe import Config
from tssd.data.given_items import in_words
from tssd.errors import DataError, UsageError
from tssd.fitting.recipe import method_of, with_optimizer, with_schedule
from tssd.models.base import SpikingNet, Tap
from tssd.objectives import SelfDistillation
from tssd.progress import set_progress
from tssd.rules import Rule
from tssd.training.given import GivenSchedule
from tssd.training.module import DistillModule
from tssd.training.teachers import named_after


class TssdModule(DistillModule):
    """A network, its loss and its optimiser for any `lightning.Trainer` and any DataLoader.

        trainer = lightning.Trainer(max_epochs=20)
        trainer.fit(tssd.TssdModule(net, example=images), train_loader, val_loader)

    Batches are (x, y). Logged are train/loss and its terms, val/accuracy_t1 and so on, val/accuracy
    at T_s, and val/loss; the same of test. Schedules of epochs are stepped as an epoch ends, before
    callbacks save it. On several devices it is as Lightning has it: a batch is that of each.

    Args:
        net: a network of tssd's or one that `tssd.adapt` has made, or, with an example, any that it
            takes. It is trained itself, not a copy.
        method: a name of `tssd recipes`, such as "tssd", "control", "vanilla", or a loss.
        student: timesteps T_s that the network is meant for; None = 1, or the loss's.
        teacher: timesteps T_t in training; None = 4, or the loss's.
        taps: where exits stand; None = in the middle of the network.
        example: images [N, C, H, W] or frames [T, N, C, H, W], to adapt the network with.
        optimizer: see `tssd.fit`.
        lr: its learning rate; None = its own.
        schedule: see `tssd.fit`.
        batch_first: whether batches of frames are [N, T, C, H, W], as a DataLoader makes them, not
            [T, N, C, H, W]; of signals and features, [N, T, C, L] and [N, T, F], alike.
        rule: how gradients go back in time, such as tssd.rules.SLTT(); None = through all
            timesteps together. What it does not go with is told at the first batch.
    Raises: UsageError: something that does not fit, in one line.
    """  # noqa: D400, D415 - the summary ends in an example

    def __init__(
        self,
        net: nn.Module,
        method: str | SelfDistillation = "tssd",
        *,
        student: int | None = None,
        teacher: int | None = None,
        taps: Sequence[Tap] | None = None,
        example: Tensor | None = None,
        optimizer: Any = None,
        lr: float | None = None,
        schedule: Any = None,
        batch_first: bool = True,
        rule: Rule | None = None,
    ) -> None:
        taught = method_of(method, student=student, teacher=teacher, taps=taps)
        if not isinstance(net, SpikingNet):
            if example is None:
                raise UsageError(
                    f"net: {type(net).__name__} has to be adapted; give example=x, a batch of the "
                    "training data, or tssd.adapt(net, example=x)"
                )
            net = self_adapted(
                net,
                example=example,
                taps=cast("Sequence[str] | None", taps),
                needs_taps=taught.needs_taps,
                timesteps=taught.timesteps.teacher,
            )
        config: Config = {}
        objects = with_optimizer(config, optimizer, lr) | with_schedule(config, schedule)
        made = {
            name: objects[name]() if name in objects else make(config, name)
            for name in ("optimizer", "schedule")
        }
        super().__init__(
            net,
            taught.makes().connect(cast(SpikingNet, net)),
            make_optimizer=made["optimizer"],
            schedule=made["schedule"],
            rule=rule,
        )
        self.batch_first = batch_first

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        """Frames as [T, N, C, H, W], other sequences alike.

        Raises: DataError: a batch that is no pair.
        """
        right = isinstance(batch, tuple | list) and len(batch) == 2
        if not right or not all(isinstance(each, Tensor) for each in batch):
            raise DataError(
                f"batch: got {in_words(batch)}, expected (x, y), images [N, C, H, W] or frames and "
                "their classes [N]; let the collate_fn return it"
            )
        x, y = batch
        # Of features [T, N, F] were taken before any were turned, and still are.
        turned = self._is_sequence(x) and (x.dim() == 5 or len(x) == len(y))
        return (x.transpose(0, 1), y) if self.batch_first and turned else (x, y)

    def _is_sequence(self, x: Tensor) -> bool:
        return x.dim() == 2 + getattr(self.net, "sample_dims", 3)

    def on_fit_start(self) -> None:
        """Tell the teachers that what they are shown is used as it is given.

        Raises: UsageError: a teacher whose samples were normalised, and nothing says whether these
            are. DataError: a teacher that is not there.
        """
        for name, teacher in self.criterion.teachers.items():
            with named_after(name):
                teacher.know_statistics(None, None)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Before any step the rule is asked whether it goes with all else.

        Raises: UsageError: names the rule, the other part and the way out.
        """
        if self.rule is None or self.global_step or batch_idx:
            return
        name, precision = type(self.rule).__name__, self.trainer.precision
        if precision == "16-mixed":
            raise UsageError(
                f"precision: the Trainer has {precision}, which does not go with {name}, whose "
                "gradients are computed piece by piece; use bf16-mixed, or no rule"
            )
        x = batch[0]
        x_t = x[0] if self._is_sequence(x) else x
        self.rule.check(self.criterion, cast(SpikingNet, self.net), x_t[:1])

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """As `validation_step`, of the test samples."""
        self._log(self.measured(batch, "test"), batch[1].shape[0])

    def share_of_epoch(self, batch_idx: int) -> float:
        """How much of the epoch is over; 0 where its length is not known."""
        known = math.isfinite(self.trainer.num_training_batches)
        return super().share_of_epoch(batch_idx) if known else 0.0

    def tell_progress(self, share: float = 0.0) -> dict[str, float]:
        """Tell all parts how far training is.

        By epochs, those to `max_steps` where that comes first; by steps where epochs, or the
        batches of one, have no end.
        """
        trainer, parts = self.trainer, [self.net, self.criterion]
        if (trainer.max_epochs or -1) > 0:
            if trainer.max_steps <= 0:
                return super().tell_progress(share)
            if math.isfinite(trainer.num_training_batches):
                return set_progress(parts, self.current_epoch + share, self.length()[0])
        return set_progress(parts, min(1.0, self.global_step / max(1, trainer.max_steps)), 1)

    def length(self) -> tuple[int, int]:
        """Epochs, the last of which may be cut short, and steps of one.

        One epoch of all steps where their length is not known.

        Raises: UsageError: the Trainer has no end at all, or none that is known in steps.
        """
        steps, batches = self.trainer.estimated_stepping_batches, self.trainer.num_training_batches
        if not math.isfinite(steps):
            raise UsageError(
                "schedule: the Trainer never ends, so that no learning rate can come down; give it "
                "max_epochs or max_steps"
            )
        if not math.isfinite(batches):
            if steps < 1 and not isinstance(self.schedule, GivenSchedule):
                raise UsageError(
                    "schedule: the training loader does not say how many batches it has, so that "
                    "the steps of an epoch are not known; give the Trainer max_steps"
                )
            return (1, int(steps)) if steps >= 1 else (cast(int, self.trainer.max_epochs), 1)
        # Not steps by max_epochs: max_steps may end training earlier, in the midst of an epoch.
        of_one = max(1, min(self.steps.number, int(steps)))
        return max(1, math.ceil(steps / of_one)), of_one

    def _counted(self, batch_idx: int, size: int) -> tuple[int, float]:
        return size, 1.0
