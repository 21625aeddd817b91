"""`tssd.fit`: a network and data in, a trained run out."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger

from tssd.adapters.given import copy_of
from tssd.config.assemble import build
from tssd.config.recipe import Config
from tssd.data import DataModule
from tssd.data.given import GivenData
from tssd.errors import UsageError
from tssd.fitting.data import with_data
from tssd.fitting.nets import Needs, with_net
from tssd.fitting.recipe import method_of, with_optimizer, with_options, with_schedule
from tssd.fitting.record import given
from tssd.fitting.run import Run
from tssd.models.base import Tap
from tssd.objectives import SelfDistillation
from tssd.reopened.load import load_into
from tssd.runs.folder import OUTPUT, RunFolder
from tssd.runs.folder_names import folder_name
from tssd.training.fit import fit as train_into
from tssd.training.given import GivenSchedule, named
from tssd.training.initial_weights import InitialWeights
from tssd.training.parts import Parts
from tssd.training.place import place
from tssd.training.process_kept import process_kept
from tssd.whole import whole

log = logging.getLogger("tssd")

EPOCHS = 20
# The longest T of an evaluation, at least, where the samples are not shorter.
USUAL = 4
# Several processes run a script from its top, and would mistake one of its runs for another.
_shared_out: list[Path] = []


def fit(
    net: Any,
    train: Any,
    val: Any = None,
    test: Any = None,
    *,
    student: int | None = None,
    teacher: int | None = None,
    method: str | SelfDistillation = "tssd",
    taps: Sequence[Tap] | None = None,
    optimizer: Any = None,
    lr: float | None = None,
    schedule: Any = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    num_workers: int | None = None,
    classes: Sequence[str] | int | None = None,
    seed: int = 0,
    devices: int = 1,
    folder: str | Path | None = None,
    resume: bool = False,
    callbacks: Any = (),
    loggers: Any = None,
    init: Any = None,
    options: Mapping[str, Any] | None = None,
) -> Run:
    """Train a network on data of your own; a finished run in `folder` is returned as it is.

    Args:
        net: any network that `tssd.adapt` takes, adapted by itself and left as it is: it is a copy
            that is trained, `run.net`. Or what builds one, `MyNet` or `lambda: MyNet(64)`, so that
            `seed` decides on its first weights; or a name such as "vgg9".
        train: a Dataset of (x, y), x an image [C, H, W] or event frames [T, C, H, W], y a class
            number; a DataLoader of such; a LightningDataModule, or one of `tssd.data`.
        val: the same, for the accuracy after each epoch; None = there is none, and the last epoch
            counts.
        test: the same, for the results; None = they are of the validation samples, which is said.
        student: timesteps T_s that the network is meant for; None = 1.
        teacher: timesteps T_t in training; None = 4, or T_s if that is more.
        method: a name of `tssd recipes`, such as "tssd", "control", "vanilla", or a loss.
        taps: where exits stand; None = in the middle of the network.
        optimizer: "AdamW", a class, a functools.partial, or a function of the parameters; None =
            SGD, rate 0.1, momentum 0.9, weight decay 1e-4.
        lr: its learning rate; None = its own.
        schedule: one of `tssd.training.schedule`, or a function of the optimiser that returns a
            scheduler of torch or timm, stepped every epoch, or Lightning's {"scheduler": ...,
            "interval": "step"}; None = half a cosine down to 0.
        epochs: passes over the training samples; None = 20, or what `options` says.
        batch_size: samples a batch of a Dataset, those of all devices together; None = 64.
        num_workers: loading processes of a Dataset; None = 0.
        classes: their names or number, where Dataset and network don't say; None = they do.
        seed: of weights, order and what transforms draw, 0 to 2**32 - 1.
        devices: processes that share every batch; in a script, with `folder`.
        folder: of the run; None = a new one, runs/DATA+NET+METHOD/seedN.
        resume: whether to continue the run in `folder`; more epochs make it longer.
        callbacks: of Lightning, one or several, with those that `options` name; one that keeps
            anything, such as EarlyStopping, is for one run.
        loggers: of Lightning, one or several; None = TensorBoard's, where it is installed.
        init: a run or weights to start from.
        options: of a recipe by their dotted names, as on the command line, such as
            {"trainer.precision": "auto", "objectives.temporal.weight": 2}.
    Raises: UsageError: something that does not fit, in one line. DataError: samples that are none,
        or have changed since the run began. As `tssd.training.fit.fit` besides.
    Side effects: writes `folder`. The global generators, torch's threads and its deterministic
        algorithms are as they were afterwards.
    """
    seed = whole("seed", seed)
    taught = method_of(method, student=student, teacher=teacher, taps=taps)
    if epochs is not None and "trainer.epochs" in (options or {}):
        raise UsageError("options: 'trainer.epochs' is given, and epochs as well; say it once")
    trainer: Config = {"epochs": EPOCHS if epochs is None else whole("trainer.epochs", epochs)}
    trainer |= {"devices": devices} if devices != 1 else {}
    config: Config = {**taught.config, "seed": seed, "trainer": trainer}
    objects = taught.objects()
    objects |= with_optimizer(config, optimizer, lr) | with_schedule(config, schedule)
    with process_kept():
        sizes = {"batch_size": batch_size, "num_workers": num_workers, "classes": classes}
        data = with_data(config, (train, val, test), sizes, seed=seed)
        of_net = {k: v for k, v in (options or {}).items() if k.startswith("net.")}
        others = {k: v for k, v in (options or {}).items() if k not in of_net}
        with_options(config, others, objects)
        steps = taught.timesteps
        longest = _longest(config, data, steps.teacher)
        data.connect(student=steps.student, teacher=steps.teacher, longest=longest)
        objects |= with_net(config, net, Needs(data, taps, taught.needs_taps, steps.teacher))
        with_options(config, of_net, objects)
        name = named(net) if callable(net) else str(net).rpartition(".")[2]
        config["description"] = f"{name} on {data.dataset_name}: {config['description']}"
        parts = build(config, given={**objects, "data": lambda: data})
        if isinstance(parts.schedule, GivenSchedule):
            parts.schedule.check(parts.make_optimizer, parts.trainer.epochs)
        parts = _with_hooks(parts, callbacks, loggers, init)
        where = _folder(folder, f"{data.dataset_name}+{name}+{taught.name}", parts, resume=resume)
        relength = resume and not isinstance(parts.schedule, GivenSchedule)
        finished = RunFolder(where).is_finished
        untrained = copy_of(parts.net)  # which training may compile
        with _quiet():
            results = train_into(parts, where, resume=resume or finished, relength=relength)
        return Run(where, results, load_into(where, untrained), parts)


def _with_hooks(parts: Parts, callbacks: Any, loggers: Any, init: Any) -> Parts:
    """The parts with what is called and told during training, and what it starts from.

    All of it is in their configuration, by which a run is known when it is resumed; but for the
    loggers, which may be others then.

    Raises: UsageError: something else, or what `options` say as well.
    """
    config, more = dict(parts.config), dict[str, Any]()
    if called := _listed("callbacks", callbacks, Callback):
        records = {
            f"given{n}": given("GivenCallback", name=each.state_key)
            for n, each in enumerate(called, start=1)
        }
        config["callbacks"] = config.get("callbacks", {}) | records
        more["callbacks"] = (*parts.callbacks, *called)
    for name, argument, option, made in (
        ("loggers", loggers, "logger", parts.loggers),
        ("init", init, "init", parts.init),
    ):
        if argument is not None and made is not None:
            raise UsageError(f"options: {option!r} is given, and {name} as well; say it once")
    if loggers is not None:
        more["loggers"] = _listed("loggers", loggers, Logger)
    if init is not None:
        if not isinstance(init, str | Path | InitialWeights):
            raise UsageError(
                f"init: got a {type(init).__name__}, expected the folder of a run, or a file of "
                "weights"
            )
        more["init"] = init if isinstance(init, InitialWeights) else InitialWeights(init)
        config["init"] = str(more["init"].source)
    return replace(parts, config=config, **more)


def _listed(name: str, given: Any, kind: type) -> tuple[Any, ...]:
    """One or several objects of Lightning's. What makes a logger is as good as one.

    Raises: UsageError: something else.
    """

    def fits(each: Any) -> bool:
        return isinstance(each, kind) or (kind is Logger and callable(each))

    if fits(given):
        return (given,)
    listed = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    for each in listed:
        if not fits(each):
            hint = f"; give {each.__name__}(...)" if isinstance(each, type) else ""
            raise UsageError(
                f"{name}: got {each!r:.80}, expected a {kind.__name__} of Lightning's, or a list "
                f"of such{hint}"
            )
    return tuple(listed)


def _longest(config: Config, data: DataModule, teacher: int) -> int:
    """The longest T of training and evaluation; of frames as many as there are, where few."""
    trainer = config["trainer"]
    asked = trainer.get("evaluate_timesteps")
    frames = data.timesteps if isinstance(data, GivenData) else None
    if asked is None and frames is not None and frames < USUAL:
        trainer["evaluate_timesteps"] = asked = max(teacher, frames)
    return max(teacher, asked or USUAL)


def _folder(folder: str | Path | None, name: str, parts: Parts, *, resume: bool) -> Path:
    """Where the run goes.

    Raises: UsageError: it is not said, though a run is to be continued or processes have to agree,
        or there is a run that is not finished.
    """
    several = parts.trainer.processes > 1
    if folder is None:
        if resume or several:
            what = "resume=True continues a run" if resume else "several processes share a run"
            raise UsageError(f"folder: got none, but {what}; give folder=, such as 'runs/mine'")
        return _new_folder(name, parts.seed)
    where = RunFolder(Path(folder))
    leads = place(parts.trainer).rank == 0  # the others find what it has begun
    if leads and where.config.exists() and not where.is_finished and not resume:
        raise UsageError(
            f"folder: {folder} holds a run that is not finished; continue it with resume=True, or "
            "give another folder"
        )
    if several and _shared_out:
        raise UsageError(
            f"devices: {_shared_out[0]} was trained on several devices by this script, which each "
            "of them runs from its top; put a second such run into a script of its own"
        )
    if several:
        _shared_out.append(where.path)
    return where.path


def _new_folder(name: str, seed: int) -> Path:
    number = 1
    while True:
        again = f"-{number}" if number > 1 else ""
        where = Path(OUTPUT) / f"{folder_name(name)}{again}" / f"seed{seed}"
        if not where.exists():
            log.info("run folder: %s", where)
            return where
        number += 1


@contextmanager
def _quiet() -> Iterator[None]:
    """Only warnings of Lightning's, which says much that is known here."""
    talking = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [each.level for each in talking]
    try:
        for each in talking:
            each.setLevel(logging.WARNING)
        yield
    finally:
        for each, level in zip(talking, levels, strict=True):
            each.setLevel(level)
