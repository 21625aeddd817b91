"""Classes by their own name alone, such as AdamW or LIF, where only one can be meant."""

from collections.abc import Collection, Iterable
from importlib import import_module
from types import ModuleType
from typing import Any

from tssd.config.options import content, slots_below
from tssd.config.own_data import wrapped
from tssd.config.paths import known_classes
from tssd.config.recipe import Config
from tssd.config.schema import SECTIONS
from tssd.config.suggest import nearest
from tssd.config.types import as_list, as_node, entries, wanted
from tssd.errors import UsageError

# Where classes of others are looked up by name. Ours are known by what they are.
HOMES = {
    "torch.optim.optimizer.Optimizer": ("torch.optim",),
    "lightning.pytorch.callbacks.callback.Callback": ("lightning.pytorch.callbacks",),
    "lightning.pytorch.loggers.logger.Logger": ("lightning.pytorch.loggers",),
    "torch.nn.modules.module.Module": (
        "tssd.models",
        "tssd.neurons",
        "tssd.norms",
        "tssd.teachers",
        "torch.nn",
    ),
    "torchvision.transforms.v2._transform.Transform": ("torchvision.transforms.v2",),
}

# Short names of classes, where people know these better.
KNOWN_AS = {
    "lightning.pytorch.loggers.logger.Logger": {
        "csv": "CSVLogger",
        "tensorboard": "TensorBoardLogger",
        "wandb": "WandbLogger",
        "mlflow": "MLFlowLogger",
    },
}


def named_in_full(kind: Any, value: Any) -> Any:
    """A value that is such a name, or a list that has some, with their import paths.

    Raises: UsageError: no class of the right kind has a name (names the nearest).
    """
    if (inner := entries(kind)) is not None and isinstance(value, str | list):
        return [named_in_full(inner, each) for each in as_list(value)]
    return in_full(kind, value) if isinstance(value, str) else value


def in_full(kind: Any, name: str) -> str:
    """The import path that a name without dots stands for; anything else as it is.

    Raises: UsageError: no class of the right kind has this name (names the nearest).
    """
    want = wanted(kind)
    if want is None or not name.isidentifier():
        return name
    known = {path.rpartition(".")[2]: path for path in known_classes(want.base)}
    if name in known:
        return known[name]
    base = want.other or want.base
    of_base = f"{base.__module__}.{base.__qualname__}"
    homes, known_as = HOMES.get(of_base, ()), KNOWN_AS.get(of_base, {})
    name = known_as.get(name, name)
    for home in homes:
        module = import_module(home)
        thing = getattr(module, name, None)
        if callable(thing) and (not isinstance(thing, type) or issubclass(thing, base)):
            return f"{home}.{name}"
        known |= dict.fromkeys([*known_as, *_names(module, base)], home)
    raise UsageError(f"{name!r} is neither a known class nor an import path; {_near(name, known)}")


def spell_out(config: Config) -> Config:
    """A recipe with every class by its import path. Names that are none stay as they are."""
    return {
        name: spelled_out(SECTIONS[name][0], wrapped(value) if name == "data" else value)
        if name in SECTIONS
        else value
        for name, value in config.items()
    }


def spelled_out(kind: Any, value: Any) -> Any:
    """The same of one value and of what is below it."""
    try:
        if (inner := entries(kind)) is not None and isinstance(value, str | list | dict):
            return [spelled_out(inner, each) for each in as_list(value)]
        if isinstance(value, str):
            return in_full(kind, value)
        if not isinstance(value, dict):
            return value
        node = dict(value)
        if isinstance(path := node.get("class_path"), str):
            node["class_path"] = in_full(kind, path)
        slots = slots_below(kind, as_node(kind, node)) or {}
    except UsageError:  # which whoever checks the recipe will find again, and place
        return value
    values = content(node)
    if not isinstance(values, dict):
        return node
    inside = {
        name: spelled_out(slots[name].kind, below) if name in slots else below
        for name, below in values.items()
    }
    if "class_path" not in node:
        return inside
    return node | ({"init_args": inside} if inside else {})


def _names(module: ModuleType, base: type) -> Iterable[str]:
    """What a module exports; where it does not say, its classes of the right kind."""
    if exported := getattr(module, "__all__", None):
        return exported
    classes = {name: thing for name, thing in vars(module).items() if isinstance(thing, type)}
    return [name for name, thing in classes.items() if issubclass(thing, base)]


def _near(name: str, known: Collection[str]) -> str:
    return nearest(name, sorted(known)) if known else "expected a path such as my_module.MyNet"
