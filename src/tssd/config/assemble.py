"""From a recipe to the objects of a training run."""

import shlex
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from lightning import seed_everything

from tssd.config.first_step import check_optimizer, check_size
from tssd.config.hooks import hooks, in_folder, written
from tssd.config.load import check
from tssd.config.make import REFUSALS, Maker, located
from tssd.config.options import accepts, content, parameters, walk
from tssd.config.own_data import with_test
from tssd.config.own_net import adapted_node, may_be_plain
from tssd.config.paths import load_object
from tssd.config.recipe import Config
from tssd.config.schema import SECTIONS
from tssd.config.sections import with_defaults, without_empty
from tssd.config.types import MISSING, as_node, fits, in_words
from tssd.config.unwritten import without_unused
from tssd.data import DataModule
from tssd.data.evaluated import as_known
from tssd.errors import UsageError
from tssd.objectives import SelfDistillation
from tssd.objectives.per_timestep import check_length
from tssd.parameter_options import parameter_groups
from tssd.trained.model_file import Model
from tssd.training.parts import Parts

# By section, what makes a part that is given as an object.
Given = Mapping[str, Callable[[], Any]]


def build(
    config: Config, model: Model | None = None, *, given: Given = MappingProxyType({})
) -> Parts:
    """Build everything; reads the data to learn the network's shapes.

    Args:
        config: from `load_recipe`.
        model: of a run that is trained already: what it says of the data is not learnt again.
        given: parts that take the place of what the configuration only records; a network that
            is ready, made after the generators are seeded.
    Raises: UsageError: an option that is missing, unknown, of the wrong type or out of range.
    """
    config = without_empty(with_defaults(config))
    check(config)
    logger = {"logger": in_folder(config["logger"])} if "logger" in config else {}
    _refuse_missing(config | logger, but=("net.",))
    maker = Maker()
    seed: int = maker.make(config, "seed")  # which may stand there in quotes
    if not 0 <= seed < 2**32:
        raise UsageError(f"seed: got {seed}, expected 0 to {2**32 - 1}")
    # The paths of classes as mappings, to be filled in.
    config = config | {name: as_node(SECTIONS[name][0], config[name]) for name in ("data", "net")}
    config["data"] = with_test(_with_init_args({"seed": seed}, config["data"]))
    data = _make_data(maker, config, given.get("data"))
    if model is not None:
        data = as_known(
            data,
            class_names=model.class_names,
            sample_shape=model.sample_shape,
            mean=model.mean,
            std=model.std,
        )
    _ = data.split_hash  # reads the labels, so that missing data is found now
    if "net" not in given:
        config["net"] = _with_shapes(config["net"], data)
    _refuse_missing(config, but=("logger.",))
    if "net" not in given:
        config["net"] = _adapted(maker, config, data)
    if config["net"]["class_path"].startswith("tssd.models.") and "net" not in given:
        check_size(lambda: maker.make(config, "net"))
    # The weights depend on the seed alone, not on what reading the data drew.
    seed_everything(seed, verbose=False)
    rest = ("net", "timesteps", "objectives", "exits", "optimizer", "schedule", "trainer")
    made = {name: given[name]() if name in given else maker.make(config, name) for name in rest}
    make_optimizer, net = made["optimizer"], made["net"]
    if "weights" in config:
        maker.make(config, "weights").put_into(net)
    try:
        criterion = SelfDistillation(
            made["objectives"], made["timesteps"], exits=made["exits"]
        ).connect(net)
        groups = parameter_groups(net, criterion, lr=1.0)  # what a part says wrongly shows now
    except REFUSALS as error:
        raise located(error, config, "objectives, exits") from error
    check_optimizer(make_optimizer, [each for group in groups for each in group["params"]])
    parts = Parts(
        config=resolve(config, maker),
        seed=seed,
        data=data,
        net=net,
        criterion=criterion,
        make_optimizer=make_optimizer,
        schedule=made["schedule"],
        trainer=made["trainer"],
        rule=maker.make(config, "rule") if "rule" in config else None,
        **hooks(config)._asdict(),
    )
    check_length(parts.evaluate_timesteps, net, criterion)
    return parts


def build_data(config: Config) -> DataModule:
    """The data alone, connected to the recipe's timesteps.

    Raises: UsageError: an option of data, timesteps or trainer that is missing or wrong.
    """
    config = without_empty(with_defaults(config))
    check(config)
    _refuse_missing(config, but=("net.", "logger."))
    node = as_node(SECTIONS["data"][0], config["data"])
    return _make_data(Maker(), config | {"data": with_test(node)})


def resolve(config: Config, maker: Maker | None = None) -> Config:
    """The configuration with defaults filled in, as plain YAML values: see `without_unused`.

    Args:
        config: whole, checked.
        maker: that has parsed some of its sections already.
    """
    config, maker = without_empty(config), maker or Maker()
    hooked = written(config)
    found = {name: maker.written(config, name) for name in config if name not in hooked}
    found = without_unused(found) | hooked
    return {name: found[name] for name in config}


def _make_data(
    maker: Maker, config: Config, given: Callable[[], DataModule] | None = None
) -> DataModule:
    steps = maker.make(config, "timesteps")
    evaluated = maker.make(config, "trainer").evaluated(steps.teacher)
    data: DataModule = maker.make(config, "data") if given is None else given()
    data.connect(
        student=steps.student, teacher=steps.teacher, longest=max(steps.teacher, evaluated)
    )
    return data


def _adapted(maker: Maker, config: Config, data: DataModule) -> Config:
    """The network's section, a plain module adapted."""
    if not may_be_plain(config["net"]["class_path"]):
        return config["net"]
    return adapted_node(
        config["net"],
        maker.make(config, "net"),
        taps=maker.make(config, "exits").taps,
        needs_taps=any(
            term.needs_exits or term.needs_taps
            for term in maker.make(config, "objectives").values()
        ),
        shape=data.sample_shape,
        num_classes=data.num_classes,
        timesteps=maker.make(config, "timesteps").teacher,
    )


def _refuse_missing(config: Config, *, but: tuple[str, ...]) -> None:
    for name, value, slot in walk(config):
        if value is MISSING and not name.startswith(but):
            raise UsageError(
                f"{name}: missing, expected {in_words(slot.kind)} ({slot.meaning or 'no default'})"
            )


def _with_init_args(below: Config, node: Config) -> Config:
    """A class with some arguments, where it has them and they are not given."""
    known = {key: value for key, value in below.items() if accepts(node["class_path"], key)}
    return node | {"init_args": known | content(node)}


def _with_shapes(node: Config, data: DataModule) -> Config:
    channels, height, width = data.sample_shape
    size = height if height == width else [height, width]
    found = {"in_channels": channels, "num_classes": data.num_classes, "image_size": size}
    for name, given in content(node).items():
        given = list(given) if isinstance(given, tuple) else given
        if name in found and given != found[name]:
            raise UsageError(
                f"net.{name}: got {given}, but the data has {found[name]}; give "
                f"--net.{name} {shlex.quote(str(found[name]))} or other data"
            )
    path = node["class_path"]
    slot = parameters(load_object(path)).get("image_size")
    if slot is not None and height != width and not fits(slot.kind, size):
        raise UsageError(
            f"net: {path} takes squares, its image_size being {in_words(slot.kind)}, and the data "
            f"has images of {height} x {width} pixels; crop them with --data.image_size {height}, "
            "or give it an image_size: int | tuple[int, int]"
        )
    return _with_init_args(found, node)
