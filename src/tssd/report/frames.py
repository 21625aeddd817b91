"""The picture of a recording: its frames, and all its events in one."""

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tssd.report.shown_names import in_plot

# Okabe and Ito's blue and vermilion: OFF and ON, apart for the colour-blind.
OFF_COLOUR, ON_COLOUR = "#0072B2", "#D55E00"
COLUMNS = 8


def plot_frames(
    frames: NDArray, path: Path | BinaryIO, *, title: str = "", format: str = "png"
) -> None:
    """Draw every timestep, and the sum over all of them, ON reddish and OFF blue.

    Args:
        frames: event counts [T, 2, H, W], channel 0 = OFF, 1 = ON; or spike counts [T, 1, 1, U].
        path: of the picture, or where to write it.
        title: above the picture.
        format: png, svg or pdf.
    """
    if frames.shape[1] == 1:
        _plot_raster(frames[:, 0].reshape(len(frames), -1), path, title=title, format=format)
        return
    from matplotlib.figure import Figure

    counts = frames.astype(np.float64)
    steps = len(counts)
    rows = -(-steps // COLUMNS)
    columns = -(-steps // rows)
    figure = Figure(figsize=(1.4 * columns + 3.4, max(1.5 * rows, 3.0) + 0.5), layout="constrained")
    panels: Any = figure.subfigures(1, 2, width_ratios=[1.4 * columns, 3.4])
    left, right = panels
    peak = max(float(np.quantile(counts[counts > 0], 0.98)) if counts.any() else 1.0, 1.0)
    cells = left.subplots(rows, columns, squeeze=False).ravel()
    for axes in cells:
        axes.set_axis_off()
    for t, axes in enumerate(cells[:steps]):
        axes.imshow(coloured(counts[t], peak), interpolation="nearest")
        axes.set_title(f"t = {t + 1}: {int(counts[t].sum())}", fontsize=8)
    axes = right.subplots()
    total = counts.sum(0)
    axes.imshow(coloured(total, max(float(np.quantile(total, 0.99)), 1.0)), interpolation="nearest")
    axes.set_title(f"all {steps}: {int(total.sum())} events", fontsize=9)
    axes.set_axis_off()
    figure.suptitle(f"{in_plot(title)}  (ON vermilion, OFF blue; numbers: events)", fontsize=9)
    figure.savefig(path, dpi=120, format=format)


def _plot_raster(counts: NDArray, path: Path | BinaryIO, *, title: str, format: str) -> None:
    """Draw spike counts [T, U], time to the right and units upwards."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.imshow(counts.T, cmap="Greys", aspect="auto", origin="lower", interpolation="nearest")
    axes.set_xlabel("timestep")
    axes.set_ylabel("unit")
    figure.suptitle(f"{in_plot(title)}  ({int(counts.sum())} spikes)", fontsize=9)
    figure.savefig(path, dpi=120, format=format)


def coloured(counts: NDArray, peak: float) -> NDArray[np.float64]:
    """White where nothing happened, the colour of the polarity where a count reaches the peak.

    Shapes: counts [2, H, W] -> RGB in 0 to 1, [H, W, 3].

    >>> coloured(np.zeros((2, 1, 1)), 1.0).tolist()
    [[[1.0, 1.0, 1.0]]]
    """
    share = np.clip(counts / peak, 0, 1)[..., None]
    off, on = (np.array([int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)]) for c in
               (OFF_COLOUR, ON_COLOUR))  # fmt: skip
    return np.clip(1 - share[0] * (1 - off) - share[1] * (1 - on), 0, 1)
