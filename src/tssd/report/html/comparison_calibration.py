"""How far the confidence of each method can be believed."""

import math

from tssd.report.averages import deviation, mean
from tssd.report.confidence import in_words, overconfidence
from tssd.report.html.comparison_results import evaluation_of, mean_std
from tssd.report.html.elements import Html, note, paragraph, together
from tssd.report.html.figures import figure, figures
from tssd.report.html.line_chart import Chart, Series
from tssd.report.html.methods import Methods
from tssd.report.html.rounding import percent
from tssd.report.html.tables import Row, table

ERROR = "expected calibration error, %"


def calibration(methods: Methods) -> Html:
    """Calibration error at every T, and whether a method is too sure or not sure enough."""
    steps = methods.comparison.timesteps
    rows: list[Row] = []
    series: list[Series] = []
    for name, heading in methods.headings.items():
        found = [evaluation_of(methods, run).calibration_error for run in methods.runs(name)]
        known = [values for values in found if len(values) >= steps[-1]]
        at_each = [[values[t - 1] for values in known] for t in steps]
        rows.append([heading, str(len(known)), *[mean_std(v, percent) for v in at_each]])
        if known and name in methods.drawn:
            points = [(t, 100 * mean(v)) for t, v in zip(steps, at_each, strict=True)]
            spread = [100 * (deviation(v) or 0) for v in at_each]
            series.append(Series(methods.labels[name], points, spread))
    if not series:
        return paragraph("No calibration errors were recorded.")
    header = ["method", "n", *[f"T = {t}" for t in steps]]
    caption = f"{ERROR[0].upper()}{ERROR[1:]}, mean ± standard deviation over n seeds"
    errors = table(caption, header, rows, kind="methods")
    title = "Calibration error against T"
    drawn = Chart(
        "calibration-chart", title, "timesteps T at inference", ERROR, series, zero=True
    ).draw()
    small = f"Bars: ± one standard deviation over the seeds. {methods.undrawn}"
    side = figures(figure(title, drawn, None, small=small), together([errors, _sureness(methods)]))
    return together(
        [
            note(
                "How far confidence is from accuracy, over 15 bins of equal width. It says "
                "nothing about which of both is larger; the second table does."
            ),
            side,
        ]
    )


def _sureness(methods: Methods) -> Html | None:
    rows: list[Row] = []
    for name, heading in methods.headings.items():
        found = [evaluation_of(methods, run) for run in methods.runs(name)]
        differences = [overconfidence(evaluation.reliability) for evaluation in found]
        known = [value for value in differences if math.isfinite(value)]
        if known:
            verdict = in_words(mean(known))
            at = str(found[0].report_at or "–")
            rows.append([heading, str(len(known)), at, mean_std(known, percent), verdict])
    if not rows:
        return None
    caption = "Mean confidence minus accuracy, points, at the T that a method is meant for"
    return table(caption, ["method", "n", "T", "difference", ""], rows, kind="methods")
