"""From a recipe to the objects of a training run."""

from typing import Any

import yaml
from lightning import seed_everything
from torch import nn

from tssd.config.options import parameters
from tssd.config.recipe import Config
from tssd.config.schema import SECTIONS, one_line, parse, parser
from tssd.data import ImageData
from tssd.errors import TssdError, UsageError
from tssd.objectives import SelfDistillation
from tssd.training.parts import Parts

DEFAULTS: Config = {
    "description": "",
    "seed": 0,
    "exits": {"class_path": "tssd.objectives.ExitPlan"},
    "optimizer": {
        "class_path": "torch.optim.SGD",
        "init_args": {"lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4},
    },
    "schedule": {"class_path": "tssd.training.schedule.StepDecay"},
    "trainer": {},
}


def build(config: Config) -> Parts:
    """Build everything; reads the data to learn the network's shapes.

    Raises: UsageError: an option that is missing, unknown or of the wrong type.
    """
    config = DEFAULTS | config
    for name in ("data", "net", "timesteps", "objectives"):
        if name not in config:
            raise UsageError(f"recipe: it has no {name}, expected {SECTIONS[name][1]}")
    seed = parse(config, ["seed"]).seed
    data_args = dict(config["data"].get("init_args") or {})
    config["data"] = config["data"] | {"init_args": {"seed": seed} | data_args}
    data: ImageData = _make(config, ["data"]).data
    config["net"] = _with_shapes(config["net"], data)
    # The weights depend on the seed alone, not on what reading the data drew.
    seed_everything(seed, verbose=False)
    rest = [name for name in SECTIONS if name not in ("data", "description", "seed")]
    made = _make(config, rest)
    criterion = SelfDistillation(made.objectives, made.timesteps, exits=made.exits)
    return Parts(
        config=resolve(config),
        seed=seed,
        data=data,
        net=made.net,
        criterion=criterion.connect(made.net),
        make_optimizer=made.optimizer,
        schedule=made.schedule,
        trainer=made.trainer,
    )


def resolve(config: Config) -> Config:
    """The configuration with every default filled in, as plain YAML values."""
    return yaml.safe_load(parser().dump(parse(config), skip_none=False))


def build_net(section: Config) -> nn.Module:
    """A network from the `net` section of a resolved configuration."""
    return _make({"net": section}, ["net"]).net


def _make(config: Config, sections: list[str]) -> Any:
    parsed = parse(config, sections)
    try:
        return parser(sections).instantiate(parsed)
    except TssdError:
        raise
    except (ValueError, TypeError) as error:
        raise UsageError(f"{', '.join(sections)}: {one_line(error)}") from error


def _with_shapes(section: Config, data: ImageData) -> Config:
    if "class_path" not in section:
        raise UsageError("net: it has no class_path, expected a path such as tssd.models.vgg9")
    args = dict(section.get("init_args") or {})
    channels, height, width = data.sample_shape
    if height != width:
        raise UsageError(
            f"data: images of {height} x {width} pixels, expected squares; "
            "crop them with --data.image_size"
        )
    found = {"in_channels": channels, "num_classes": data.num_classes, "image_size": height}
    accepted = parameters(section["class_path"])
    shapes = {key: value for key, value in found.items() if key in accepted}
    return section | {"init_args": shapes | args}
