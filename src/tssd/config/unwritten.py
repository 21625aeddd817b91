"""Options that config.yaml has only where they are used."""

from typing import Any

from tssd.config.options import content, parameters
from tssd.config.paths import load_object
from tssd.config.recipe import Config
from tssd.training.settings import LATER

# Of the data, and of objectives. They came when runs existed already, and null, their default, is
# what those did: a run that does not use them is written as it always was.
UNWRITTEN = ("transforms", "mixup", "cutmix", "class_weights")
# Of classes of tssd below the network and the exits, such as their neurons, in the same way, and
# below objectives, such as their teachers.
UNWRITTEN_BELOW = {"strict": False, "recipe": None, "normalised": None}


def without_unused(config: Config) -> Config:
    """A complete configuration without these options where they are null by default, and are.

    And without those of `LATER`, the trainer's, and of `UNWRITTEN_BELOW`, where they are what they
    are by default.

    >>> without_unused({"data": {"class_path": "tssd.data.Digits", "init_args": {"mixup": None}}})
    {'data': {'class_path': 'tssd.data.Digits', 'init_args': {}}}
    """
    kept = dict(config)
    if "trainer" in kept:
        kept["trainer"] = {
            name: value
            for name, value in kept["trainer"].items()
            if name not in LATER or value != LATER[name]
        }
    if "data" in kept:
        kept["data"] = _without_unused(kept["data"])
    kept |= {name: _strip(kept[name]) for name in ("net", "exits") if name in kept}
    if isinstance(terms := kept.get("objectives"), dict):
        kept["objectives"] = {name: _strip(_without_unused(term)) for name, term in terms.items()}
    return kept


def _without_unused(node: Config) -> Config:
    given = content(node)
    unused = [name for name in UNWRITTEN if name in given and given[name] is None]
    if not unused:
        return node
    slots = parameters(load_object(node["class_path"]))
    kept = {
        name: value
        for name, value in given.items()
        if name not in unused or slots[name].default is not None
    }
    return node | {"init_args": kept}


def _strip(node: Any) -> Any:
    """A node without the options that the parts below it do not use."""
    if not isinstance(node, dict):
        return node
    kept = {name: _strip(value) for name, value in node.items()}
    path, given = node.get("class_path"), content(kept)
    unused = [
        name for name, value in UNWRITTEN_BELOW.items() if given.get(name, not value) == value
    ]
    if not (unused and isinstance(path, str) and path.startswith("tssd.")):
        return kept
    slots = parameters(load_object(path))
    unused = [n for n in unused if n in slots and slots[n].default == UNWRITTEN_BELOW[n]]
    return kept | {"init_args": {name: v for name, v in given.items() if name not in unused}}
