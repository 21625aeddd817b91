"""The configuration of a run that is trained from Python: a recipe without its data and network."""

import copy
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, NamedTuple

from tssd.config.contradictions import LONGER_TEACHER
from tssd.config.make import make
from tssd.config.options import in_yaml
from tssd.config.override import override
from tssd.config.piece import Piece
from tssd.config.pieces import BASE, rooms
from tssd.config.recipe import Config, Layer, file_content, merge
from tssd.config.sections import with_defaults
from tssd.config.suggest import nearest
from tssd.errors import UsageError
from tssd.fitting.nodes import maker_node, object_node
from tssd.fitting.record import given
from tssd.models.base import Tap
from tssd.objectives import SelfDistillation, Timesteps
from tssd.training.given import GivenSchedule, maker_of, named
from tssd.training.schedule import Schedule
from tssd.whole import whole

# Where nothing else is said: the paper's optimiser, at the rate and on the schedule that a run of
# any length trains well with.
OPTIMIZER = {
    "class_path": "torch.optim.SGD",
    "init_args": {"lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4},
}
SCHEDULE = {"class_path": "tssd.training.schedule.Cosine"}
STUDENT, TEACHER = 1, 4
# Sections that arguments of `tssd.fit` say, and those whose own options may be said besides.
ARGUMENTS = ("data", "description", "seed", "timesteps")
OBJECTS = ("exits", "net", "objectives", "optimizer", "schedule", "trainer")
# The fair baseline at T_s under the name by which everybody asks for one.
SHORT = {"vanilla": "vanilla_ts"}


class Method(NamedTuple):
    """How a network is taught.

    Args:
        name: for folders.
        config: description, timesteps, objectives and exits.
        criterion: what was given as an object; None = the configuration says all.
    """

    name: str
    config: Config
    criterion: SelfDistillation | None = None

    @property
    def timesteps(self) -> Timesteps:
        """The student's and the teacher's."""
        return Timesteps(**self.config["timesteps"])

    def makes(self) -> SelfDistillation:
        """The loss, not connected yet."""
        if self.criterion is not None:
            return self.criterion
        config = with_defaults(self.config)
        parts = {name: make(config, name) for name in ("objectives", "exits")}
        return SelfDistillation(parts["objectives"], self.timesteps, exits=parts["exits"])

    def objects(self) -> dict[str, Callable[[], Any]]:
        """What makes its parts that were given as objects, by section; they stay as they are."""
        if (loss := self.criterion) is None:
            return {}
        return {
            "objectives": lambda: copy.deepcopy(dict(loss.terms.items())),
            "exits": lambda: loss.exit_plan,
        }

    @property
    def needs_taps(self) -> bool:
        """Whether a term reads the logits of exits, or the network's features."""
        terms = self.makes().terms.values()
        needs = ("needs_exits", "needs_taps")
        return any(getattr(term, need, False) for term in terms for need in needs)


def method_of(
    method: str | SelfDistillation,
    *,
    student: int | None = None,
    teacher: int | None = None,
    taps: Sequence[Tap] | None = None,
) -> Method:
    """A method by its recipe's name, or a loss that was composed of objects.

    Args:
        method: the name, or the loss.
        student: timesteps T_s; None = 1, or the loss's own.
        teacher: timesteps T_t; None = 4, or the loss's own.
        taps: where exits stand; None = in the middle of the network, or the loss's own.
    Raises: UsageError: an unknown name, or timesteps that the method can't have.
    """
    if isinstance(method, SelfDistillation):
        return _of_object(method, student, teacher, taps)
    if not isinstance(method, str):
        raise UsageError(
            f"method: got a {type(method).__name__}, expected a name such as 'tssd', or a loss "
            "such as tssd.tssd(student=1, teacher=4)"
        )
    name, known = SHORT.get(method, method), rooms()["methods"]
    if name not in known:
        raise UsageError(f"method: got {method!r}; {nearest(method, [*SHORT, *known])}")
    piece = Piece.packaged(f"methods/{name}")
    short = STUDENT if student is None else whole("timesteps.student", student)
    longest = max(TEACHER, short) if teacher is None else whole("timesteps.teacher", teacher)
    steps = {"student": short, "teacher": longest}
    steps = piece.turned(steps)
    Timesteps(**steps)
    if piece.needs == LONGER_TEACHER and steps["teacher"] == steps["student"]:
        raise UsageError(
            f"teacher: got {steps['teacher']}, but {name} needs more timesteps than the student's "
            f"{steps['student']}; raise teacher, or use method='ssd'"
        )
    config = merge([Layer(BASE, file_content(BASE)[1]), *piece.layers])
    text = str(config.pop("description", name))
    for who, t in steps.items():
        text = text.replace(f"{{{who}}}", str(t))
    config |= {"description": text, "timesteps": steps, "exits": _exits(taps)}
    config = {k: v for k, v in config.items() if k not in ("optimizer", "schedule", "trainer")}
    return Method(name, config)


def with_optimizer(config: Config, optimizer: Any, lr: float | None) -> dict[str, Any]:
    """Put an optimiser into a configuration; what was given as an object, by section.

    Args:
        config: to be changed.
        optimizer: a name, a mapping as in a recipe, a class, a partial or a function; None = SGD.
        lr: its learning rate; None = its own.
    Raises: UsageError: something else, or a rate beside a function that has its own.
    """
    config["optimizer"] = {**OPTIMIZER, "init_args": dict(OPTIMIZER["init_args"])}
    objects: dict[str, Any] = {}
    if isinstance(optimizer, str | Mapping):
        put(config, "optimizer", optimizer)
    elif optimizer is not None:
        make_optimizer = maker_of(optimizer)
        node = maker_node(optimizer)
        is_class = isinstance(getattr(optimizer, "func", optimizer), type)
        if node is None or not is_class:
            if lr is not None:
                raise UsageError(
                    f"lr: got {lr}, but {named(optimizer)} makes the optimiser; give it there"
                )
            config["optimizer"] = given("GivenOptimizer", name=named(optimizer))
            objects["optimizer"] = lambda: make_optimizer
        else:
            config["optimizer"] = node
    if lr is not None:
        put(config, "optimizer.lr", lr)
    return objects


def with_schedule(config: Config, schedule: Any) -> dict[str, Any]:
    """Put a schedule into a configuration; what was given as an object, by section.

    Args:
        config: to be changed.
        schedule: a name, a mapping as in a recipe, one of `tssd.training.schedule`, or a function
            of the optimiser; None = half a cosine down to 0.
    Raises: UsageError: something else.
    """
    config["schedule"] = dict(SCHEDULE)
    if schedule is None:
        return {}
    if isinstance(schedule, str | Mapping):
        put(config, "schedule", schedule)
        return {}
    own = schedule if isinstance(schedule, Schedule) else GivenSchedule(schedule)
    if (node := object_node(own)) is not None:
        config["schedule"] = node
        return {}
    what = own.make if isinstance(own, GivenSchedule) else own
    config["schedule"] = given("GivenScheduler", name=named(what))
    return {"schedule": lambda: own}


def with_options(
    config: Config, options: Mapping[str, Any] | None, objects: Container[str]
) -> None:
    """Set options of a recipe by their dotted names, as on the command line.

    Args:
        config: to be changed.
        options: values by name.
        objects: sections that were given as objects, which have no options.
    Raises: UsageError: an unknown option (names the nearest), one that `tssd.fit` has an argument
        for, or a value that does not fit.
    """
    for name, value in sorted((options or {}).items(), key=lambda pair: pair[0].count(".")):
        section, _, below = name.partition(".")
        if section in ARGUMENTS or (section in OBJECTS and not below):
            raise UsageError(
                f"options: {name!r} is an argument of tssd.fit, or the data's own; say it there"
            )
        if section in objects:
            raise UsageError(
                f"options: {name!r} is given, but the {section} is an object; say it there"
            )
        put(config, name, value)


def put(config: Config, option: str, value: Any) -> None:
    """Set one option. Raises: UsageError: see `with_options`."""
    text = in_yaml(dict(value) if isinstance(value, Mapping) else value)
    try:
        override(config, option, text)
    except UsageError as error:
        raise UsageError(str(error).removeprefix("--")) from error


def _of_object(
    loss: SelfDistillation,
    student: int | None,
    teacher: int | None,
    taps: Sequence[Tap] | None,
) -> Method:
    own = loss.timesteps
    for name, asked, has in (("student", student, own.student), ("teacher", teacher, own.teacher)):
        if asked not in (None, has):
            raise UsageError(f"{name}: got {asked}, but the loss has {has}; say it there alone")
    if taps is not None:
        raise UsageError("taps: given, but the loss says where its exits stand; say it there alone")
    terms = {
        name: given(
            "GivenObjective",
            name=type(term).__name__,
            weight=float(getattr(term, "weight", 1.0)),
            ramp_epochs=float(getattr(term, "ramp_epochs", 0.0)),
        )
        for name, term in loss.terms.items()
    }
    config: Config = {
        "description": f"{', '.join(terms)}, T_s = {own.student}, T_t = {own.teacher}",
        "timesteps": {"student": own.student, "teacher": own.teacher},
        "objectives": terms,
        "exits": _exits(loss.exit_plan.taps),
    }
    return Method("own", config, loss)


def listed(taps: Sequence[Tap] | Tap | None) -> list[Tap] | None:
    """Where exits stand, one alone as a list of one; None = it is not said."""
    return None if taps is None else [taps] if isinstance(taps, str | int) else [*taps]


def _exits(taps: Sequence[Tap] | None) -> Config:
    return {"class_path": "tssd.objectives.ExitPlan", "init_args": {"taps": listed(taps)}}
