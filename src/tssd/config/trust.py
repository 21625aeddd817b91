"""What a run folder may name: parts of tssd, of torch and torchvision, what the user trusts.

A recipe is the user's own and may import anything. A run folder may come from a stranger, and to
import a module is to run it: whatever else it names is refused before it is imported.
"""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from tssd.errors import UsageError

# The records of what was given as an object, which refuse to be built: see tssd.fitting.
GIVEN = "tssd.fitting.record"
# Where the parts of a recipe are defined. Others of tssd's functions write files or load runs.
PARTS = (
    "tssd.adapters.from_recipe",
    "tssd.data",
    "tssd.events",
    GIVEN,
    "tssd.models",
    "tssd.neurons",
    "tssd.norms",
    "tssd.objectives",
    "tssd.rules",
    "tssd.surrogates",
    "tssd.teachers",
    "tssd.time",
    "tssd.training.lamb",
    "tssd.training.muon",
    "tssd.training.schedule",
)
TORCH = ("torch.nn.modules", "torch.optim", "torchvision.transforms.v2")
# Packages that show under a shorter name what is defined in the above.
EXPORTS = ("tssd", "torch.nn")
# Callbacks of Lightning that only decide, average and count. Others, and its loggers, write where
# they are told to.
CALLBACKS = "lightning.pytorch.callbacks"
HARMLESS = ("EarlyStopping", "EMAWeightAveraging", "Timer", "WeightAveraging")

_trusted: ContextVar[tuple[str, ...]] = ContextVar("trusted", default=())
_restricted: ContextVar[bool] = ContextVar("restricted", default=False)


@contextmanager
def trusting(modules: Iterable[str]) -> Iterator[None]:
    """Inside, run folders may import these modules and packages as well.

    Raises: UsageError: one text instead of a list, which would be taken letter by letter.
    """
    if isinstance(modules, str):
        raise UsageError(f"trust: got {modules!r}, expected a list of modules: [{modules!r}]")
    token = _trusted.set((*_trusted.get(), *modules))
    try:
        yield
    finally:
        _trusted.reset(token)


def trusted() -> tuple[str, ...]:
    """The modules that the user trusts, for the processes that this one starts."""
    return _trusted.get()


@contextmanager
def only_known_parts() -> Iterator[None]:
    """Inside, nothing else is imported: what is read is the content of a run folder."""
    token = _restricted.set(True)
    try:
        yield
    finally:
        _restricted.reset(token)


def check_path(path: str) -> None:
    """Refuse an import path before anything is imported. Raises: UsageError."""
    module = path.rpartition(".")[0]
    # Without a module there is nothing to import, which `load_object` says.
    if not _restricted.get() or not module or module in EXPORTS or _is_harmless(path):
        return
    if not _below(module, (*PARTS, *TORCH, *_trusted.get())):
        _refuse(path, module)


def check_origin(path: str, thing: Any) -> None:
    """Refuse what only passes through a part's module, such as its imports. Raises: UsageError."""
    module = path.rpartition(".")[0]
    if not _restricted.get() or _below(module, _trusted.get()):
        return
    origin = getattr(thing, "__module__", None) or ""
    if isinstance(thing, type) and _is_harmless(f"{origin}.{thing.__name__}"):
        return
    is_part = _below(origin, PARTS) and (isinstance(thing, type) or inspect.isfunction(thing))
    # Functions of torch and torchvision are none of these: some load files.
    if not is_part and not (_below(origin, TORCH) and isinstance(thing, type)):
        _refuse(path, origin or module)


def check_trust(option: str, modules: object) -> None:
    """Refuse a run folder that trusts modules in the user's place. Raises: UsageError."""
    if not _restricted.get() or not isinstance(modules, list | tuple):
        return
    for module in modules:
        if not _below(str(module), _trusted.get()):
            raise UsageError(
                f"{option}: got {module}, which a run folder can't trust for you; if you know its "
                f"code and trust it, add --trust {module} (in Python: trust=[{module!r}])"
            )


def is_restricted() -> bool:
    """Whether what is read now is the content of a run folder."""
    return _restricted.get()


def _is_harmless(path: str) -> bool:
    module, _, name = path.rpartition(".")
    return _below(module, [CALLBACKS]) and name in HARMLESS


def _refuse(path: str, module: str) -> None:
    raise UsageError(
        f"it names {path}, and {module} was not imported: a run folder may name only parts of "
        "tssd, layers of torch.nn, optimizers of torch.optim and transforms of "
        "torchvision.transforms.v2; if you know the code of "
        f"{module} and trust it, add --trust {module} (in Python: trust=[{module!r}])"
    )


def _below(module: str, packages: Sequence[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
