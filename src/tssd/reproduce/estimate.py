"""What a plan will take: one probe for all variants that do the same work."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tssd.config.options import content, in_yaml
from tssd.config.recipe import Config
from tssd.dry_run.shapes import DataShape, data_shape, stand_in_options, work_key
from tssd.many_runs.planned import Override
from tssd.reproduce.plan import Variant
from tssd.training.needs.measured import Probe, probe


@dataclass(frozen=True)
class Estimate:
    """Cost of one run.

    Args:
        probe: what was measured; None = nothing could be.
        seconds: of the whole run; None = unknown.
        note: why something is unknown.
    """

    probe: Probe | None = None
    seconds: float | None = None
    note: str = ""


def shapes_of(configs: Mapping[Variant, Config]) -> dict[Variant, DataShape]:
    """The data of each variant; equal data is looked at once.

    Raises: UsageError: an option of the data that is wrong.
    """
    seen: dict[str, DataShape] = {}
    found: dict[Variant, DataShape] = {}
    for variant, config in configs.items():
        key = in_yaml(config["data"])
        if key not in seen:
            seen[key] = data_shape(config)
        found[variant] = seen[key]
    return found


def estimates(
    configs: Mapping[Variant, Config],
    shapes: Mapping[Variant, DataShape],
    overrides: Sequence[Override],
    *,
    about: Callable[[int, int], object] = lambda done, of: None,
) -> dict[Variant, Estimate]:
    """Measure what has not been measured, and multiply.

    Args:
        configs: recipes with all overrides.
        shapes: of their data.
        overrides: of all recipes, after each one's own options.
        about: told before each probe how many are done, and of how many.
    Raises: TssdError: a recipe cannot be built, or its loss is not finite.
    """
    keys = {variant: work_key(config, shapes[variant]) for variant, config in configs.items()}
    first = {key: variant for variant, key in reversed(keys.items())}
    measured: dict[str, Probe | str] = {}
    for done, (key, variant) in enumerate(reversed(first.items())):
        about(done, len(first))
        given = [*variant.options, *overrides]
        options = [option for option in given if option[0].partition(".")[0] != "data"]
        options += stand_in_options(shapes[variant])
        if (batch := content(configs[variant]["data"]).get("batch_size")) is not None:
            options.append(("data.batch_size", str(batch)))
        try:
            measured[key] = probe(variant.recipe, [*options, ("trainer.progress", "false")])
        except MemoryError:
            measured[key] = "the probe was ended from outside, probably for its memory"
    found: dict[Variant, Estimate] = {}
    for variant, key in keys.items():
        result = measured[key]
        if isinstance(result, str):
            found[variant] = Estimate(note=result)
            continue
        # Variants that do the same work may still train for another number of epochs.
        epochs = configs[variant]["trainer"].get("epochs", result.epochs)
        own = Probe(**{**vars(result), "epochs": epochs})
        seconds = own.seconds(shapes[variant])
        note = "" if seconds is not None else "the number of samples is not known without the data"
        found[variant] = Estimate(own, seconds, note)
    return found


def duration(seconds: float | None) -> str:
    """A time for people: 12 s, 3.4 min, 5.6 h or 7.8 d.

    >>> duration(5), duration(90), duration(7200), duration(200_000), duration(None)
    ('5 s', '1.5 min', '2.0 h', '2.3 d', 'unknown')
    """
    if seconds is None or not math.isfinite(seconds):
        return "unknown"
    if seconds < 60:
        return f"{seconds:.0f} s"
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {name}"
    raise AssertionError("a minute is the shortest")


def in_gib(count: int) -> str:
    """Bytes as GiB.

    >>> in_gib(3 << 29)
    '1.50 GiB'
    """
    return f"{count / (1 << 30):.2f} GiB"
