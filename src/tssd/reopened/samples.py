"""What the report shows of a network on sample inputs; needs the network and the data."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tssd.errors import DataError, TssdError
from tssd.evaluation.traces import latency_ms, trace
from tssd.objectives import as_sequence
from tssd.reopened.load import load
from tssd.reopened.open_run import Override, open_run
from tssd.reopened.same_data import compare_data
from tssd.report.frames import coloured
from tssd.report.html import Sample, Samples
from tssd.training.parts import Parts


def show_samples(
    runs: Mapping[str, Path],
    overrides: Sequence[Override],
    *,
    count: int,
    at: int | None = None,
) -> dict[str, Samples | str]:
    """Run networks on the same test samples, those of the first run's data.

    Args:
        runs: folders by name, all on the same split.
        overrides: options of the data, such as where it is.
        count: number of samples.
        at: the T that is looked at; None = that of the first run's student.
    Returns what each network does, or why it is not known.
    Raises: TssdError: the data are not there, or the first network is damaged.
    """
    first = next(iter(runs.values()))
    opened = open_run(first, list(overrides))
    parts = opened.parts
    compare_data(str(first), opened, overrides)
    parts.trainer.use_threads()
    at = min(at or parts.criterion.timesteps.student, parts.evaluate_timesteps)
    labels = parts.data.part("test")[0].labels[parts.data.split.test]
    chosen = one_of_each(labels, count)
    # Only these are read from the disk.
    parts.data.split = replace(parts.data.split, test=parts.data.split.test[chosen])
    x, y = parts.data.dataset("test").batch(range(len(chosen)))
    x = as_sequence(x, y, parts.evaluate_timesteps, net=parts.net).to(parts.device)
    found: dict[str, Samples | str] = {}
    for name, folder in runs.items():
        try:
            net = parts.net if folder == first else load(folder, device=parts.device).net
            found[name] = _samples(net, x, y, parts, at)
        except TssdError as error:  # one damaged network must not hide the others
            found[name] = str(error)
    return found


def one_of_each(labels: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """Numbers of the first sample of each class, then of the second ones, and so on.

    >>> one_of_each(np.array([1, 1, 0, 1, 0]), 3).tolist()
    [2, 0, 4]
    """
    turn = np.zeros(len(labels), dtype=np.int64)
    for k in np.unique(labels):
        here = labels == k
        turn[here] = np.arange(here.sum())
    return np.lexsort((labels, turn))[:count]


def _samples(net: torch.nn.Module, x: Tensor, y: Tensor, parts: Parts, at: int) -> Samples:
    names = parts.data.class_names
    traces = trace(net, x)
    if not np.isfinite(traces.confidence).all():
        raise DataError("logits: got NaN or infinity, expected finite numbers: nothing to show")
    images = visible(x, parts.data.mean, parts.data.std)
    return Samples(
        samples=[
            Sample(
                image=images[n],
                label=names[label],
                predicted=[names[k] for k in traces.predicted[:, n]],
                confidence=traces.confidence[:, n].tolist(),
                maps={layer: rates[:, n] for layer, rates in traces.maps.items()},
            )
            for n, label in enumerate(y.tolist())
        ],
        student=at,
        chosen="The first test sample of each class, then the second ones: not chosen by result.",
        latency_ms=latency_ms(net, x[:, :1]),
        device=device_in_words(x.device),
    )


def device_in_words(device: torch.device) -> str:
    """What a latency was measured on: the name of the GPU, or the number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type != "cpu":
        return device.type
    threads = torch.get_num_threads()
    return f"cpu, {threads} thread{'s' if threads > 1 else ''}"


def visible(x: Tensor, mean: Sequence[float], std: Sequence[float]) -> list[NDArray[np.uint8]]:
    """Samples as people see them: images as they were stored, events of all timesteps in one.

    Shapes: x [T, N, C, H, W] -> N times [H, W, 3].
    """
    if x.shape[3:] == (1, 1) and x.shape[2] > 3:
        return [_raster(counts) for counts in x[..., 0, 0].transpose(0, 1).cpu().numpy()]
    if x.shape[2] == 2:
        return [_events(counts) for counts in x.sum(0).cpu().numpy()]
    scale, offset = (torch.tensor(v).view(-1, 1, 1) for v in (std, mean))
    pixels = (255 * (x[0].cpu() * scale + offset)).round().clamp(0, 255).to(torch.uint8)
    rgb = pixels.expand(-1, 3, -1, -1) if pixels.shape[1] == 1 else pixels[:, :3]
    return list(rgb.permute(0, 2, 3, 1).contiguous().numpy())


def _raster(counts: NDArray) -> NDArray[np.uint8]:
    """Spike trains [T, U] as a picture [U, T, 3]: black where a unit spiked, the first below."""
    share = np.clip(counts / max(float(np.quantile(counts, 0.98)), 1.0), 0, 1).T[::-1]
    return (255 * (1 - share))[..., None].repeat(3, -1).round().astype(np.uint8)


def _events(counts: NDArray) -> NDArray[np.uint8]:
    # The sum of both polarities reaches the peak, so that where both are many they still differ.
    peak = max(float(np.quantile(counts.sum(0), 0.98)), 1e-6)
    return (255 * coloured(counts, peak)).round().astype(np.uint8)
