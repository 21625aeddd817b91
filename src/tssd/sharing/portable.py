"""What a run says of itself without what it says of the machine that it was trained on.

Paths name their owner and loggers may hold a key: neither is anybody else's business, and neither
would be of use to them.
"""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from tssd.config.options import in_yaml
from tssd.runs.results import Results
from tssd.yaml_text import load_yaml

Config = dict[str, Any]

# Of environment.json.
FACTS = (
    "command", "packages", "python", "cpu", "threads", "cuda", "commit", "precision",
    "split_hash", "content_hash", "changes", "teachers", "init",
)  # fmt: skip
# Options that say where things are or go, and sections below which everything does.
PLACES = ("--output", "--data.root", "--resume", "--trainer.progress")
OF_LOGGERS = "--logger"


def portable_config(config: Mapping[str, Any]) -> Config:
    """A complete configuration that trains the same anywhere else.

    Without its logger; the data's root is null, so that whoever trains says where theirs is; of
    other absolute paths the last part is left.
    """
    kept = {section: _shortened(value) for section, value in config.items() if section != "logger"}
    data = kept.get("data")
    options = data.get("init_args") if isinstance(data, dict) else None
    if isinstance(options, dict) and "root" in options:
        options["root"] = None
    return kept


def portable_results(results: Results) -> Results:
    """The results without seconds, which are of a machine and of what else ran on it."""
    teachers = {
        name: replace(cost, run=_short(cost.run), seconds=None)
        for name, cost in results.training.teachers.items()
    }
    training = replace(results.training, seconds=None, seconds_to={}, teachers=teachers)
    return replace(results, train_seconds=None, training=training)


def portable_environment(facts: Mapping[str, Any]) -> Config:
    """The content of environment.json that says how a network came about."""
    kept = {name: _shortened(facts[name]) for name in FACTS if name in facts}
    if "command" in kept:
        kept["command"] = portable_command(facts["command"])
    return kept


def portable_command(command: object) -> str | None:
    """The command of a training, without where it read and wrote.

    >>> portable_command("tssd train digits+vgg9+tssd --seed 3 --output /home/jane/mine")
    'tssd train digits+vgg9+tssd --seed 3'

    Args:
        command: as environment.json has it.
    Edge cases: None for what was not trained by `tssd train`, and for a run that was resumed by its
        folder, whose command says nothing of its recipe.
    """
    try:
        words = shlex.split(command) if isinstance(command, str) else []
    except ValueError:
        return None
    if words[:2] != ["tssd", "train"] or len(words) < 3:
        return None
    if "--resume" in words and "+" not in words[2]:
        return None
    kept, follows = [], False
    for word in words:
        option, equals, value = word.partition("=")
        if option.startswith("--"):
            follows = option in PLACES or option.startswith(OF_LOGGERS)
            if not follows:
                kept.append(f"{option}={_portable_value(value)}" if equals else option)
            # What follows another option, or a switch, stands for itself.
            follows = follows and not equals and option != "--resume"
        elif follows:
            follows = False
        else:
            kept.append(_portable_value(word))
    return shlex.join(kept)


def _portable_value(text: str) -> str:
    """The value of an option, which is YAML, or a recipe, of which pieces may be files."""
    try:
        value = load_yaml(text) if _short(text) == text else text
    except ValueError:
        value = text
    short = _shortened(value)
    if isinstance(short, str):
        short = "+".join(map(_short, short.split("+")))
    if short == value:
        return text  # as it was typed
    return short if isinstance(short, str) else in_yaml(short)


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shortened(inside) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(inside) for inside in value]
    return _short(value) if isinstance(value, str) else value


def _short(text: str) -> str:
    """The last part of a path that is somebody's own; other text as it is."""
    return PurePath(text).name if text.startswith(("/", "~")) else text
