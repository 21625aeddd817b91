"""The picture of a comparison: accuracy against the timesteps at inference."""

from pathlib import Path
from textwrap import wrap
from typing import Any

from tssd.report.comparison import Comparison
from tssd.report.method_labels import without_shared
from tssd.report.shown_names import in_plot

# Okabe and Ito's colours, which stay apart for the colour-blind.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
# Letters of a line in the legend.
LEGEND = 34
RING: dict[str, Any] = {"marker": "o", "markersize": 12, "fillstyle": "none", "linestyle": "none"}


def plot_comparison(
    comparison: Comparison, path: Path, *, format: str = "png", title: str = ""
) -> None:
    """Draw mean and standard deviation of each method; a ring marks the T it is meant for.

    Args:
        comparison: what to draw.
        path: of the picture.
        format: png, svg or pdf.
        title: above the picture; empty = what the methods' names have in common.
    """
    # Matplotlib takes a second to import, and other commands do not need it. The figure is made
    # without pyplot, which would keep it and choose a screen.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    shared, _ = without_shared([row.name for row in comparison.rows])
    figure = Figure(figsize=(7.6, 4.0), layout="constrained")
    axes = figure.subplots()
    ts = comparison.timesteps
    # A network with other statistics is drawn like itself, dotted.
    drawn = list(dict.fromkeys(row.of or row.name for row in comparison.rows))
    for index, row in enumerate(comparison.rows):
        method = drawn.index(row.of or row.name)
        colour = COLOURS[method % len(COLOURS)]
        # Side by side, so that the error bars of equal means can be told apart.
        shift = 0.03 * (index - (len(comparison.rows) - 1) / 2)
        axes.errorbar(
            [t + shift for t in ts],
            [row.mean(t) for t in ts],
            [row.std(t) or 0 for t in ts],
            # In lines that leave room for the picture.
            label="\n".join(map(in_plot, wrap(comparison.labels[row.name], LEGEND))),
            color=colour,
            marker=MARKERS[method % len(MARKERS)],
            linestyle="-" if row.of is None else ":",
            markersize=5,
            capsize=3,
            linewidth=1.6,
        )
        if row.student in ts and row.of is None:
            axes.plot(row.student + shift, row.mean(row.student), color=colour, **RING)
    seeds = max(len(row.seeds) for row in comparison.rows)
    spread = f"mean ± std of {seeds} seeds" if seeds > 1 else "1 seed"
    axes.set_xticks(ts)
    axes.set_xlim(min(ts) - 0.3, max(ts) + 0.3)
    axes.set_xlabel("timesteps T at inference")
    axes.set_ylabel(f"test accuracy, % ({spread})")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    # The empty plot only explains the rings.
    (ring,) = axes.plot([], [], color="gray", label="the T it is meant for", **RING)
    handles = [h for h in axes.get_legend_handles_labels()[0] if h is not ring]
    axes.legend(handles=[*handles, ring], frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set_title(in_plot(title or shared), loc="left")
    # A date or random names in the file would make equal pictures differ.
    metadata = {"Date": None} if format == "svg" else None
    with rc_context({"svg.hashsalt": "tssd"}):
        figure.savefig(path, dpi=150, format=format, metadata=metadata)
