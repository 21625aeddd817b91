"""The picture of a comparison: accuracy against the timesteps at inference."""

from pathlib import Path

from tssd.report.comparison import Comparison

# Okabe and Ito's colours, which stay apart for the colour-blind.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"


def plot_comparison(
    comparison: Comparison, path: Path, *, format: str = "png", title: str = ""
) -> None:
    """Draw mean and standard deviation of each method; a ring marks the T it is meant for.

    Args:
        comparison: what to draw.
        path: of the picture.
        format: png, svg or pdf.
        title: above the picture.
    """
    # Matplotlib takes a second to import, and other commands do not need it. The figure is made
    # without pyplot, which would keep it and choose a screen.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for index, row in enumerate(comparison.rows):
        ts = comparison.timesteps
        colour = COLOURS[index % len(COLOURS)]
        means = [row.mean(t) for t in ts]
        # Side by side, so that the error bars of equal means can be told apart.
        shift = 0.03 * (index - (len(comparison.rows) - 1) / 2)
        axes.errorbar(
            [t + shift for t in ts],
            means,
            [row.std(t) or 0 for t in ts],
            label=row.name,
            color=colour,
            marker=MARKERS[index % len(MARKERS)],
            markersize=5,
            capsize=3,
            linewidth=1.6,
        )
        if row.student in ts:
            axes.plot(
                row.student + shift,
                row.mean(row.student),
                "o",
                markersize=12,
                fillstyle="none",
                color=colour,
            )
    seeds = max(len(row.seeds) for row in comparison.rows)
    axes.set_xticks(comparison.timesteps)
    axes.set_xlabel("timesteps T at inference")
    axes.set_ylabel(f"test accuracy, % (mean ± std, {seeds} seed{'s' * (seeds > 1)})")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    if title:
        axes.set_title(title, loc="left")
    # A date in the file would make equal pictures differ.
    metadata = {"Date": None} if format == "svg" else None
    figure.savefig(path, dpi=150, format=format, metadata=metadata)
