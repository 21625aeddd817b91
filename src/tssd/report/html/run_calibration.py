"""How far a run's confidence can be believed."""

from tssd.report.confidence import in_words, overconfidence
from tssd.report.html.elements import Html, paragraph, together
from tssd.report.html.figures import figure, figures
from tssd.report.html.line_chart import Chart, Series
from tssd.report.html.rounding import digits, percent, whole
from tssd.report.html.sourced import Sourced, shown
from tssd.report.html.tables import table


def calibration(evaluation: Sourced) -> Html:
    """The reliability diagram: accuracy against confidence, bin by bin."""
    bins = evaluation["reliability"]
    count = len(bins["samples"])
    if not count:
        return paragraph("The bins of the calibration error were not recorded.")
    at = int(evaluation["report_at"].value or 1)
    filled = [b for b in range(count) if bins["samples"][b].number() > 0]
    points = [
        (100 * bins["confidence"][b].number(), 100 * bins["accuracy"][b].number()) for b in filled
    ]
    series = [
        Series("network", [point for point in points if point[0] == point[0]]),
        Series("confidence = accuracy", [(0.0, 0.0), (100.0, 100.0)]),
    ]
    title = f"Reliability at T = {at}"
    drawn = Chart(
        "reliability-chart", title, "mean confidence of a bin, %", "accuracy in the bin, %", series
    ).draw()
    rows = [
        [
            f"{100 * b / count:.1f} to {100 * (b + 1) / count:.1f}",
            shown(bins["samples"][b], whole),
            shown(bins["confidence"][b], percent),
            shown(bins["accuracy"][b], percent),
        ]
        for b in range(count)
    ]
    header = ["confidence, %", "samples", "mean confidence, %", "accuracy, %"]
    numbers = table(f"Test samples by confidence, {count} bins of equal width", header, rows)
    return together(
        [
            paragraph(
                "At T = ",
                shown(evaluation["report_at"], digits),
                ": expected calibration error ",
                shown(evaluation["calibration_error"][at - 1], percent),
                " %, the mean distance of the bins from the diagonal, weighted by their samples. "
                "Below the diagonal a network is too sure of itself, above it not sure enough. "
                f"On the whole this one is {in_words(overconfidence(bins.value))}.",
            ),
            figures(figure("Reliability diagram", drawn, numbers)),
        ]
    )
