"""What a run would only come upon when it has trained for a while, or never, refused before."""

from collections.abc import Iterable
from weakref import WeakValueDictionary

from lightning.pytorch.callbacks import (
    BatchSizeFinder,
    Callback,
    EarlyStopping,
    GradientAccumulationScheduler,
    LearningRateFinder,
    StochasticWeightAveraging,
)

from tssd.data.given import GivenData
from tssd.data.given_loader import GivenLoader
from tssd.errors import UsageError
from tssd.training.given import GivenSchedule
from tssd.training.parts import Parts
from tssd.training.schedule import refuse_short
from tssd.training.steps import Steps

# Callbacks that have trained, by their id.
_used: WeakValueDictionary[int, Callback] = WeakValueDictionary()

# Callbacks of Lightning's that change a run behind its configuration, and what to take instead.
BEHIND = {
    StochasticWeightAveraging: (
        "puts its averages in place when training is over, where no checkpoint has them, and sets "
        "the learning rate besides; use EMAWeightAveraging"
    ),
    BatchSizeFinder: (
        "trains with other batches than the configuration says, of which the schedule knows "
        "nothing; give --data.batch_size, whose memory --dry-run measures"
    ),
    GradientAccumulationScheduler: (
        "changes how many steps an epoch has, by which the schedule counts; use "
        "--trainer.accumulate"
    ),
    LearningRateFinder: (
        "sets another learning rate than the configuration says; give --optimizer.lr"
    ),
}


def refuse_unfit(parts: Parts, *, resumes: bool) -> None:
    """Refuse callbacks, schedules and loaders that this run can't have.

    Args:
        parts: the run.
        resumes: whether a checkpoint gives callbacks the state of this run.
    Raises: UsageError: a callback that would stop at once, watches what there is not, has trained
        before or changes what the configuration says; a schedule that follows what there is
        not; batches of sizes that are not known, of which several make a step.
    """
    logged = _logged(parts)
    # Callbacks of one's own may log more.
    all_known = all(type(each).__module__.startswith("lightning.") for each in parts.callbacks)
    for callback in parts.callbacks:
        if not resumes:
            _refuse_used(callback)
        if why := next((why for kind, why in BEHIND.items() if isinstance(callback, kind)), None):
            raise UsageError(f"callbacks: {type(callback).__name__} {why}")
        if isinstance(callback, EarlyStopping):
            _refuse_watcher(callback, logged, all_known=all_known)
    if isinstance(parts.schedule, GivenSchedule):
        _refuse_plateau(parts, parts.schedule, logged, all_known=all_known)
    if parts.trainer.accumulate > 1 and isinstance(parts.data, GivenData):
        train = parts.data.sets["train"]
        if isinstance(train, GivenLoader):
            train.size_of(0)  # which refuses


def refuse_short_schedule(parts: Parts) -> None:
    """Refuse a scheduler of the user's own that has fewer steps than training will take.

    Args:
        parts: the run, its samples read.
    Raises: UsageError: see `refuse_short`.
    """
    if not isinstance(parts.schedule, GivenSchedule):
        return
    settings = parts.trainer
    try:
        batches = len(parts.data.train_dataloader())
    except TypeError:  # a loader that does not say, of a data module of the user's own
        return
    told = parts.schedule.check(parts.make_optimizer, settings.epochs)
    refuse_short(told, settings.epochs * Steps(batches, settings.accumulate).number)


def note_used(callbacks: Iterable[Callback]) -> None:
    """Note that these train a run."""
    _used.update((id(each), each) for each in callbacks)


def _logged(parts: Parts) -> set[str]:
    """The metrics that every run has after an epoch."""
    known = {"train/loss", *(f"train/{name}" for name in parts.criterion.terms)}
    if parts.data.split_sizes["val"]:
        steps = parts.criterion.timesteps.teacher
        known |= {"val/accuracy", "val/loss", *(f"val/accuracy_t{t + 1}" for t in range(steps))}
    return known


def _refuse_used(callback: Callback) -> None:
    # One that keeps nothing, such as what prints, may be used again.
    if _used.get(id(callback)) is callback and callback.state_dict():
        raise UsageError(
            f"callbacks: {type(callback).__name__} has trained already, and what it keeps of that "
            "would count in this run; make a new one for each run"
        )


def _refuse_watcher(callback: EarlyStopping, logged: set[str], *, all_known: bool) -> None:
    name = type(callback).__name__
    if all_known and callback.strict and callback.monitor not in logged:
        raise UsageError(
            f"callbacks: {name} watches {callback.monitor!r}, but what is logged is "
            f"{', '.join(sorted(logged))}; give one of these as its monitor"
        )
    if callback.monitor.startswith("val/accuracy") and callback.mode == "min":
        raise UsageError(
            f"callbacks: {name} watches {callback.monitor} with mode min, which stops where it "
            "grows; give its mode: max"
        )


def _refuse_plateau(
    parts: Parts, schedule: GivenSchedule, logged: set[str], *, all_known: bool
) -> None:
    told = schedule.check(parts.make_optimizer, parts.trainer.epochs)
    if not told["reduce_on_plateau"]:
        return
    follows = f"schedule: {type(told['scheduler']).__name__} follows {told['monitor']!r}"
    if told["interval"] == "step":
        raise UsageError(
            f"{follows}, which is that of a whole epoch; return it without {{'interval': 'step'}}"
        )
    if all_known and told["monitor"] not in logged:
        raise UsageError(
            f"{follows}, but what is logged is {', '.join(sorted(logged))}; give validation "
            "samples, or return {'scheduler': ..., 'monitor': one of these}"
        )
    every, own = parts.trainer.check_val_every_n_epoch, told.get("frequency", 1)
    if told["monitor"].startswith("val/") and own % every:
        raise UsageError(
            f"{follows} with frequency {own}, but trainer.check_val_every_n_epoch is {every}; "
            f"return {{'scheduler': ..., 'frequency': {every}}}, or validate as often"
        )
