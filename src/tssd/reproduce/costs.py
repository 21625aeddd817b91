"""What a plan will take: one measurement for all variants that do the same work."""

import json
import os
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tssd.config.options import content, in_yaml
from tssd.config.recipe import Config
from tssd.dry_run.needs import Needs, needs_apart
from tssd.dry_run.shapes import DataShape, data_shape
from tssd.many_runs.side_by_side import THREADS, share_of_cores
from tssd.reproduce.plan import Variant
from tssd.training.needs.least_memory import TooLargeError

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Cost:
    """Of one run.

    Args:
        needs: what was measured; None = nothing could be.
        epochs: of the run.
        seconds: of the whole run; None = unknown.
        note: why something is unknown.
    """

    needs: Needs | None = None
    epochs: int = 0
    seconds: float | None = None
    note: str = ""


def shapes_of(configs: Mapping[Key, Config]) -> dict[Key, DataShape]:
    """The data of each recipe; equal data is looked at once.

    Raises: UsageError: an option of the data that is wrong.
    """
    seen: dict[str, DataShape] = {}
    found: dict[Key, DataShape] = {}
    for name, config in configs.items():
        key = in_yaml(config["data"])
        if key not in seen:
            seen[key] = data_shape(config)
        found[name] = seen[key]
    return found


def costs(
    configs: Mapping[Variant, Config],
    shapes: Mapping[Variant, DataShape],
    *,
    jobs: int = 1,
    about: Callable[[int, int], object] = lambda done, of: None,
) -> dict[Variant, Cost]:
    """Measure what has not been measured, and multiply.

    Args:
        configs: recipes with all overrides.
        shapes: of their data.
        jobs: runs that will share the processor; each is measured with its share of the threads.
        about: told before each measurement how many are done, and of how many.
    Raises: TssdError: a recipe cannot be built, or its loss is not finite.
    """
    if jobs > 1 and THREADS not in os.environ:
        configs = {variant: _sharing(config, jobs) for variant, config in configs.items()}
    keys = {variant: work_key(config, shapes[variant]) for variant, config in configs.items()}
    first = {key: variant for variant, key in reversed(keys.items())}
    measured: dict[str, Needs | str] = {}
    for done, (key, variant) in enumerate(reversed(first.items())):
        about(done, len(first))
        try:
            measured[key] = needs_apart(configs[variant], shapes[variant])
        except (TooLargeError, MemoryError) as error:
            measured[key] = str(error)
    return {
        variant: _cost(measured[key], shapes[variant], configs[variant])
        for variant, key in keys.items()
    }


def work_key(config: Config, shape: DataShape) -> str:
    """Equal for recipes whose optimisation steps do the same work: weights do not count."""
    trainer: dict[str, Any] = {**config["trainer"]}
    for name in ("epochs", "progress", "gradient_clip"):
        trainer.pop(name, None)
    terms = {
        name: [
            term["class_path"] if isinstance(term, dict) else term,
            {key: value for key, value in content(term).items() if _is_work(key)},
        ]
        for name, term in config["objectives"].items()
    }
    sizes = shape.sizes or {"train": shape.batch_size, "val": 0}
    batch = min(shape.batch_size, sizes["train"]), sizes["val"] > 0
    parts = (
        config["net"], config["timesteps"], terms, config["exits"], config["optimizer"],
        batch, trainer, (shape.channels, shape.size, shape.classes, shape.events),
        config.get("weights"), config.get("rule"), config.get("freeze"),
    )  # fmt: skip
    return json.dumps(parts, sort_keys=True, default=str)


def _sharing(config: Config, jobs: int) -> Config:
    """The recipe with the threads that a run beside others has, where it leaves them to torch."""
    trainer = config["trainer"]
    threads = trainer.get("threads") or share_of_cores(jobs)
    return config | {"trainer": {**trainer, "threads": threads}}


def _is_work(option: str) -> bool:
    """Whether an option of a term says what is computed, such as which teacher runs along."""
    return option == "span" or "teacher" in option or "taps" in option


def _cost(found: Needs | str, shape: DataShape, config: Config) -> Cost:
    if isinstance(found, str):
        return Cost(note=found)
    # Variants that do the same work may still train for another number of epochs.
    epochs: int = config["trainer"].get("epochs", found.epochs)
    estimate = replace(found, data=shape, epochs=epochs).estimate
    if estimate is None:
        return Cost(found, epochs, note="the number of samples is not known without the data")
    return Cost(found, epochs, estimate.seconds)
