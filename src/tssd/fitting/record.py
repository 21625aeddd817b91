"""What stands in a run's configuration for a part that was given as an object.

No file can rebuild such a part. Its record keeps the configuration whole, so that every command
reads it, and says in one line what to give again where the part is needed.
"""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Any, NoReturn

from lightning.pytorch.callbacks import Callback
from torch import nn
from torch.optim import Optimizer

from tssd.config.trust import GIVEN
from tssd.data.base import DataModule
from tssd.errors import UsageError
from tssd.objectives import Objective
from tssd.training.schedule import Schedule

# None is a part of a recipe that anybody would name.
__all__: list[str] = []


class GivenNet(nn.Module):
    """A network that was given as an object.

    Args:
        name: of its class.
        layout: in which it is called, if it was adapted.
        printed: hash of what print shows of it; None = of a run of an earlier version.
    Raises: UsageError: always.
    """

    def __init__(self, name: str, layout: str | None = None, printed: str | None = None) -> None:
        super().__init__()
        _refuse("net", f"its network, {name},", "tssd.load(RUN, net=...)")


@dataclass(eq=False)
class GivenData(DataModule):
    """Sets of samples that were given as objects.

    Args:
        train: what they are, in words.
        val: the same.
        test: the same.
    Raises: UsageError: always.
    """

    _: KW_ONLY
    train: str = ""
    val: str = ""
    test: str = ""

    def __post_init__(self) -> None:
        _refuse("data", f"its data ({self.train})", "tssd.fit(net, train, ..., folder=RUN)")


class GivenObjective(Objective):
    """A term of the loss that was given as an object.

    Args:
        name: of its class.
        weight: of the term.
        ramp_epochs: over which the weight rises.
    Raises: UsageError: always.
    """

    def __init__(self, name: str, weight: float = 1.0, *, ramp_epochs: float = 0.0) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        _refuse("objectives", f"its loss (with {name})", "tssd.fit(net, ..., folder=RUN)")


class GivenOptimizer(Optimizer):
    """An optimiser whose maker was given as an object.

    Args:
        params: to be trained.
        name: of the maker.
    Raises: UsageError: always.
    """

    def __init__(self, params: Iterable[Any], name: str) -> None:
        _refuse("optimizer", f"what makes its optimiser, {name},", "tssd.fit(net, ..., folder=RUN)")


class GivenCallback(Callback):
    """A callback that was given as an object.

    Args:
        name: of its class, with what tells it apart from others of that.
    Raises: UsageError: always.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        _refuse("callbacks", f"one of its callbacks, {name},", "tssd.fit(net, ..., folder=RUN)")


class GivenScheduler(Schedule):
    """A schedule whose maker was given as an object.

    Args:
        name: of the maker.
    Raises: UsageError: always.
    """

    def __init__(self, name: str) -> None:
        _refuse("schedule", f"what makes its schedule, {name},", "tssd.fit(net, ..., folder=RUN)")


def given(kind: str, **about: Any) -> dict[str, Any]:
    """The record of a part as it stands in a configuration.

    Args:
        kind: of the record, one of the above.
        about: what it says.
    """
    return {"class_path": f"{GIVEN}.{kind}", "init_args": about}


def _refuse(section: str, what: str, remedy: str) -> NoReturn:
    raise UsageError(
        f"{section}: this run was trained from Python, and {what} was given as an object, which no "
        f"file can rebuild; give it once more, from Python: {remedy}"
    )
