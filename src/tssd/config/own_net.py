"""A plain module as the `net` of a recipe: how it has to be adapted is found out and written down.

What is written down is a recipe like any other, so that the run it is saved in can be read back.
"""

import inspect
import logging
from typing import Any, get_type_hints

from torch import nn

from tssd.adapters import adapt
from tssd.adapters.from_recipe import random_images
from tssd.adapters.given import LAYOUTS, LISTED, middle_spikes
from tssd.adapters.net import Layout
from tssd.config.paths import load_object
from tssd.config.recipe import Config
from tssd.errors import UsageError
from tssd.image_size import as_option
from tssd.listed import and_dots
from tssd.models.base import SpikingNet, Tap

ADAPTED = "tssd.adapters.from_recipe.adapted"

log = logging.getLogger("tssd")


def may_be_plain(path: str) -> bool:
    """Whether what a class or function makes may need to be adapted; False if certainly not."""
    made: Any = load_object(path)
    if not isinstance(made, type):
        try:
            made = get_type_hints(made).get("return")
        except Exception:  # names that exist for type checkers only
            made = None
    is_ready = inspect.isclass(made) and hasattr(made, "resolve_tap") and hasattr(made, "tap_shape")
    return not is_ready


def adapted_node(
    node: Config,
    module: object,
    *,
    taps: tuple[Tap, ...] | None,
    needs_taps: bool,
    shape: tuple[int, int, int],
    num_classes: int,
    timesteps: int,
) -> Config:
    """The section `net` of a recipe that adapts a module; the same section if it needs no adapting.

    Args:
        node: the section as it is.
        module: what it makes.
        taps: places of the exits; None = the spiking layer in the middle.
        needs_taps: whether there are exits, or terms that look at the network's features.
        shape: channels, height and width of a sample.
        num_classes: of the data.
        timesteps: in training.
    Raises: UsageError: it cannot be adapted by itself; says what to do.
    """
    path = node["class_path"]
    if isinstance(module, SpikingNet):
        return node
    if not isinstance(module, nn.Module):
        raise UsageError(f"net: {path} made a {type(module).__name__}, expected a torch.nn.Module")
    names = [name for name, _ in module.named_modules() if name]
    listed = and_dots(names, LISTED)
    places = f"--exits.taps '[{names[len(names) // 2] if names else 'NAME'}]' (it has {listed})"
    if needs_taps and not taps:
        try:
            taps = (middle_spikes(module),)
        except UsageError as error:
            raise UsageError(
                f"net: {path} is a plain module, and what its middle is, is not known; name the "
                f"place of the exit: {places}"
            ) from error
    wanted = [f"{tap}" for tap in taps or ()]  # a Sequential's 0, 1, ... are numbers in YAML
    if wrong := [tap for tap in wanted if tap not in names]:
        raise UsageError(
            f"exits.taps: got {wrong[0]!r}, but net is a plain module, {path}; name one of its "
            f"modules, such as {places}"
        )
    size = as_option(*shape[1:])
    example = random_images(shape[0], size)
    failed: list[tuple[Layout, UsageError]] = []
    for layout in LAYOUTS:
        try:
            found = adapt(
                module, wanted, example=example, layout=layout, timesteps=max(timesteps, 2)
            )
        except UsageError as error:
            failed.append((layout, error))
            continue
        if found.num_classes != num_classes:
            raise UsageError(
                f"net: {path} returns {found.num_classes} logits, but the data has {num_classes} "
                f"classes; end it with {num_classes} outputs"
            )
        log.info("net: %s is a plain module, adapted with layout=%r, taps=%r", path, layout, wanted)
        return {
            "class_path": ADAPTED,
            "init_args": {
                "module": node,
                "in_channels": shape[0],
                "image_size": size if isinstance(size, int) else list(size),
                "taps": wanted,
                "layout": layout,
                "timesteps": max(timesteps, 2),
            },
        }
    # A network that failed on a sequence is one for single steps.
    layout, error = next((f for f in failed if not str(f[1]).startswith("module: ")), failed[-1])
    raise UsageError(
        f"net: {path} is a plain module that can't be adapted with layout={layout!r}: {error}; "
        "change it, or name a function of your own that returns tssd.adapt(...)"
    ) from error
