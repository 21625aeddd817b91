"""Scales and shifts of channels folded into the weights in front of them, or behind."""

import numpy as np

from tssd.errors import UsageError
from tssd.lowering.draft import Draft, Step, Wide

WEIGHTS = ("conv", "linear")
# What a scale and shift of a channel passes unchanged: means of it, all of it.
MEANS = ("avg_pool", "mean")


def fold(draft: Draft) -> None:
    """Fold what folds exactly, in place.

    Raises: UsageError: a pool to another grid with no linear layer behind it to fold into.
    """
    for step in draft.of("adaptive"):
        _fold_adaptive(draft, step)
    for step in draft.of("flatten"):
        _fold_mean(draft, step)
    for step in draft.of("affine"):
        _fold_into_weights_before(draft, step)
    for step in draft.of("affine"):
        _fold_into_weights_behind(draft, step)


def _fold_adaptive(draft: Draft, step: Step) -> None:
    """A pool to a grid that does not divide the map, into the linear layer behind its flattening.

    What torch averages for cell i of n are the pixels from floor(i h / n) to ceil((i + 1) h / n).
    """
    flat = draft.only_reader(step.name)
    linear = draft.only_reader(flat.name) if flat is not None and flat.op == "flatten" else None
    if linear is None or linear.op != "linear":
        raise UsageError(
            f"{step.name}: it pools {list(draft.shape(step.inputs[0]))} to {list(step.shape)}, "
            "which folds into a linear layer right behind a flattening only; pool to a size that "
            "divides the map"
        )
    before = draft.shape(step.inputs[0])
    rows, columns = (_cells(*pair) for pair in zip(before[1:], step.shape[1:], strict=True))
    weight = linear.arrays["weight"].reshape(-1, *step.shape)
    weight = np.einsum("ocij,ih,jw->ochw", weight, rows, columns, optimize=True)
    linear.arrays["weight"] = weight.reshape(len(weight), -1)
    assert flat is not None
    flat.shape = (weight[0].size,)
    draft.remove(step)


def _cells(size: int, cells: int) -> Wide:
    """The share of each of `size` pixels in each cell's mean, [cells, size]."""
    shares = np.zeros((cells, size))
    for cell in range(cells):
        start, end = cell * size // cells, -(-(cell + 1) * size // cells)
        shares[cell, start:end] = 1 / (end - start)
    return shares


def _fold_mean(draft: Draft, flat: Step) -> None:
    """A pool over the whole map and the flattening behind it are a mean."""
    pool = draft.steps.get(flat.inputs[0])
    if pool is None or pool.op != "avg_pool" or draft.only_reader(pool.name) is not flat:
        return
    if tuple(pool.options["kernel"]) == draft.shape(pool.inputs[0])[1:]:
        pool.op, pool.options, pool.shape = "mean", {}, flat.shape
        draft.remove(flat)


def _fold_into_weights_before(draft: Draft, affine: Step) -> None:
    """The scale and shift of a norm, into the weights whose output goes to nothing else."""
    scale, shift = affine.arrays["scale"], affine.arrays["shift"]
    source = draft.steps.get(affine.inputs[0])
    while source is not None and draft.only_reader(source.name) is not None:
        if source.op in WEIGHTS or source.op == "affine":
            break
        # The largest value stays the largest where nothing is turned over.
        if source.op not in MEANS and not (source.op == "max_pool" and (scale > 0).all()):
            return
        source = draft.steps.get(source.inputs[0])
    else:
        return
    if source.op == "affine":
        source.arrays["scale"] = source.arrays["scale"] * scale
        source.arrays["shift"] = source.arrays["shift"] * scale + shift
    else:
        weight = source.arrays["weight"]
        source.arrays["weight"] = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
        source.arrays["bias"] = source.arrays["bias"] * scale + shift
    draft.remove(affine)


def _fold_into_weights_behind(draft: Draft, affine: Step) -> None:
    """Heights of spikes, into all weights that get them, if nothing else does."""
    scale = affine.arrays["scale"]
    if affine.arrays["shift"].any():
        return
    found = _weights_behind(draft, affine, scale)
    if found is None:
        return
    for step, factor in found:
        weight = step.arrays["weight"]
        groups = step.options.get("groups", 1)
        parts = weight.reshape(groups, -1, *weight.shape[1:])
        factors = factor.reshape(groups, 1, -1, *[1] * (weight.ndim - 2))
        step.arrays["weight"] = (parts * factors).reshape(weight.shape)
    draft.remove(affine)


def _weights_behind(draft: Draft, step: Step, scale: Wide) -> list[tuple[Step, Wide]] | None:
    """Weights that get a step's channels, and the factors for their inputs; None = more does."""
    found: list[tuple[Step, Wide]] = []
    readers = draft.readers(step.name)
    if step.name in draft.outputs.values():
        return None
    for reader in readers:
        if reader.op in WEIGHTS:
            found.append((reader, scale))
            continue
        passes = reader.op in (*MEANS, "flatten") or (
            reader.op == "max_pool" and (scale >= 0).all()
        )
        if not passes:
            return None
        pixels = reader.shape[0] // len(scale) if reader.op == "flatten" else 1
        further = _weights_behind(draft, reader, scale.repeat(pixels))
        if further is None:
            return None
        found += further
    return found
