"""Where a network fires: rate maps of every stage on a few test samples, networks side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from tssd.many_runs.planned import Override
from tssd.models.base import StagedNet
from tssd.objectives import as_sequence
from tssd.reopened.open_run import load_parts
from tssd.report.shown_names import in_plot
from tssd.reproduce.picture import new_figure, put_title, save
from tssd.runs.results import Epoch

SAMPLES = 3


class RateMaps(NamedTuple):
    """One network.

    Shapes: inputs [S, H, W], 0 to 1; rates of each stage [S, h, w], spikes per neuron and step.
    """

    name: str
    inputs: Tensor
    rates: tuple[Tensor, ...]
    classes: tuple[str, ...]


def rate_maps(
    folder: Path,
    name: str,
    overrides: Sequence[Override] = (),
    *,
    epoch: Epoch = "best",
    samples: int = SAMPLES,
) -> RateMaps:
    """Run the first test sample of each of the first classes over T_s steps.

    Raises: DataError: not a finished run, or damaged.
    """
    parts = load_parts(folder, list(overrides), epoch=epoch)
    net = cast(StagedNet, parts.net.eval())
    chosen: dict[int, Tensor] = {}
    dataset = parts.data.dataset("test")
    labels = dataset.labels.tolist()
    for label in sorted(set(labels))[:samples]:
        chosen[label] = dataset[labels.index(label)][0]
    # A sequence has its samples on axis 1.
    x = torch.stack(list(chosen.values()), dim=dataset.sample_axis).to(parts.device)
    y = torch.tensor(list(chosen), device=parts.device)
    steps = parts.criterion.timesteps.student
    with torch.no_grad():
        sequence = as_sequence(x, y, steps)
        out = net(sequence, range(len(net.stages)))
    inputs = sequence.mean(0).mean(1).cpu()
    low, high = inputs.amin((1, 2), keepdim=True), inputs.amax((1, 2), keepdim=True)
    rates = tuple(out.taps[stage].mean((0, 2)).cpu() for stage in range(len(net.stages)))
    names = tuple(parts.data.class_names[label] for label in chosen)
    return RateMaps(name, (inputs - low) / (high - low).clamp(min=1e-9), rates, names)


def plot_maps(maps: Sequence[RateMaps], path: Path, *, title: str) -> None:
    """A row per sample and network, a column per stage; a stage has one scale for all networks."""
    first = maps[0]
    stages, samples = min(len(m.rates) for m in maps), len(first.classes)
    figure = new_figure(1.7 * (stages + 1) + 0.8, 1.6 * samples * len(maps) + 0.7)
    grid: Any = figure.subplots(samples * len(maps), stages + 1, squeeze=False)
    highest = [max(float(m.rates[k].max()) for m in maps) for k in range(stages)]
    for sample in range(samples):
        for index, one in enumerate(maps):
            row = grid[sample * len(maps) + index]
            row[0].imshow(one.inputs[sample].numpy(), cmap="gray")
            label = f"{in_plot(one.classes[sample])}\n{in_plot(one.name)}"
            row[0].set_ylabel(label, fontsize=8)
            for stage in range(stages):
                shown = one.rates[stage][sample]
                row[stage + 1].imshow(
                    shown.numpy(), cmap="viridis", vmin=0, vmax=highest[stage] or 1
                )
                row[stage + 1].set_xlabel(f"mean {float(shown.mean()):.3f}", fontsize=7)
    for column, axes in enumerate(grid[0]):
        head = "input" if column == 0 else f"stage {column - 1}\n0 to {highest[column - 1]:.2f}"
        axes.set_title(head, fontsize=8)
    for axes in grid.ravel():
        axes.set_xticks([])
        axes.set_yticks([])
    put_title(figure, title)
    save(figure, path)
