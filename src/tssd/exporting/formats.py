"""The formats by name: the module of each, and what it needs installed."""

from importlib import import_module
from typing import NamedTuple, cast

from tssd.config.suggest import nearest
from tssd.errors import UsageError
from tssd.exporting.request import Format, Weights


class Entry(NamedTuple):
    """What is known of a format before it is imported.

    Args:
        summary: what it is, for people.
        module: that writes it, a `Format`.
        extra: of tssd, which has its libraries; None = torch and numpy will do.
        weights: as what it can write weights; the first is the default.
    """

    summary: str
    module: str
    extra: str | None = None
    weights: tuple[Weights, ...] = ("float32",)


FORMATS = {
    "engine": Entry(
        "tssd's own engine, whose time goes with the spikes; needs numpy, is fast with numba",
        "tssd.exporting.engine",
        weights=("float32", "int8", "int7"),
    ),
    "nir": Entry("NIR, the graphs of neuromorphic tools", "tssd.exporting.nir", "nir"),
    "onnx": Entry(
        "ONNX: a graph of one timestep, and one of all T",
        "tssd.exporting.onnx",
        "onnx",
    ),
    "torch": Entry("torch.export: a program of one timestep", "tssd.exporting.torch"),
}


def format_of(name: str) -> Format:
    """The module of a format.

    Raises: UsageError: there is none of this name, or its libraries are missing; names the extra.
    """
    entry = entry_of(name)
    try:
        return cast(Format, import_module(entry.module))
    except ModuleNotFoundError as error:
        if entry.extra is None or (error.name or "").startswith("tssd"):
            raise
        raise UsageError(
            f"--format {name}: {error.name}, which it needs, is not installed: "
            f"pip install 'tssd[{entry.extra}]'"
        ) from None


def entry_of(name: str) -> Entry:
    """What is known of a format. Raises: UsageError: there is none of this name."""
    if name not in FORMATS:
        raise UsageError(f"--format: got {name!r}; {nearest(name, FORMATS)}")
    return FORMATS[name]
