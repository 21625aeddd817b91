"""Where a run errs, where it fires, and when it could have stopped."""

from tssd.report.html.elements import Content, Html, element, note, paragraph, together
from tssd.report.html.figures import figure, figures
from tssd.report.html.heatmap import Heatmap
from tssd.report.html.line_chart import Chart, Series
from tssd.report.html.rounding import digits, percent, three, whole
from tssd.report.html.sourced import Sourced, shown
from tssd.report.html.tables import table
from tssd.runs.firing_limits import never_fires

# Pictures of leaving early, one for each exit.
TAPS = 20
# Classes whose confusion is listed cell by cell.
CLASSES = 200
SILENT = (
    "Never fire: {}. What stands behind them does not depend on the input. A norm in front of "
    "them, a lower threshold or a lower learning rate helps."
)


def confusion(evaluation: Sourced, names: list[str]) -> Html:
    """Truth against prediction."""
    matrix = evaluation["confusion"]
    if not matrix:
        return paragraph("No confusion matrix was recorded.")
    # What is missing is not a number: damaged files are shown, too.
    if len(names) > CLASSES:
        return paragraph(f"{len(names)} classes are too many to show each pair of.")
    across = range(len(names))
    values = [[matrix[i][j].number() for j in across] for i in across]
    totals = [sum(row) for row in values]
    shades = [
        [value / max(total, 1.0) for value in row]
        for row, total in zip(values, totals, strict=True)
    ]
    drawn = Heatmap(
        id="confusion-chart",
        title=f"Confusion matrix of {len(names)} classes",
        rows=names,
        columns=names,
        values=values,
        shades=shades,
        write=whole,
        corner="truth ↓  prediction →",
    ).draw()
    header: list[Content] = ["truth", *names]
    rows = [[name, *[shown(matrix[i][j], whole) for j in across]] for i, name in enumerate(names)]
    numbers = table("Test samples: rows are the truth, columns the prediction", header, rows)
    report_at = shown(evaluation["report_at"], digits)
    shade = "A cell is as dark as its share of the row."
    return together(
        [
            paragraph("At T = ", report_at, ". ", shade),
            figures(figure("Confusion matrix, samples", drawn, numbers, wide=True)),
        ]
    )


def firing_rates(evaluation: Sourced) -> Html:
    """Spikes by layer and T."""
    layers = evaluation["firing_rates"]
    if layers.value == {}:
        return paragraph(
            "No firing rates: the network has no neurons, or none of a kind that tssd knows."
        )
    if not layers:
        return paragraph("No firing rates were recorded.")
    rates = {str(name): layers[name] for name in layers.value}
    silent = [n for n, row in rates.items() if row and never_fires(row[len(row) - 1].number())]
    if evaluation["mean_firing_rate"]:
        rates["all neurons"] = evaluation["mean_firing_rate"]
    count = max(map(len, rates.values()))
    steps = [str(t) for t in range(1, count + 1)]
    values = [[row[t].number() for t in range(count)] for row in rates.values()]
    top = max((v for row in values for v in row if v == v), default=1.0) or 1.0
    drawn = Heatmap(
        id="firing-chart",
        title="Firing rates by layer and T",
        rows=list(rates),
        columns=steps,
        values=values,
        shades=[[value / top for value in row] for row in values],
        write=three,
        corner="layer ↓  T →",
    ).draw()
    numbers = table(
        "Spikes per neuron and timestep, mean over the first T timesteps and the test samples",
        ["layer", *[f"T = {t}" for t in steps]],
        [[name, *[shown(row[t], digits) for t in range(count)]] for name, row in rates.items()],
    )
    uncounted = ", ".join(map(str, evaluation["uncounted"].value or ()))
    small = "Mean over the first T timesteps and the test samples."
    return together(
        [
            figures(
                figure("Spikes per neuron and timestep", drawn, numbers, small=small, wide=True)
            ),
            note(f"Not counted: {uncounted}.") if uncounted else None,
            note(SILENT.format(", ".join(silent))) if silent else None,
        ]
    )


def early_exit(evaluation: Sourced) -> Html:
    """Accuracy against the confidence above which an exit answers."""
    curves = evaluation["early_exit"]
    if not curves:
        return paragraph("The run has no exits, which could answer early.")
    parts: list[Html] = []
    for index, tap in enumerate(list(curves.value)[:TAPS]):
        curve = curves[tap]
        xs = [x.number() for x in curve["thresholds"]]
        names = {"accuracy": "accuracy", "leaving": "samples that leave early"}
        series = [
            Series(name, [(x, 100 * y.number()) for x, y in zip(xs, curve[key], strict=False)])
            for key, name in names.items()
        ]
        title = f"Early exit at tap {tap}"
        drawn = Chart(f"exit-{index}-chart", title, "confidence threshold", "%", series).draw()
        rows = [
            [
                shown(curve["thresholds"][i], digits),
                shown(curve["accuracy"][i], percent),
                shown(curve["leaving"][i], percent),
            ]
            for i in range(len(xs))
        ]
        header = ["confidence above", "accuracy, %", "leave early, %"]
        costs = curve["costs"]
        if costs:
            header += ["energy, µJ", "energy saved, %"]
            for i, row in enumerate(rows):
                row.append(shown(costs["energy_uj"][i], digits))
                row.append(shown(costs["energy_saved"][i], percent))
        parts.append(figure(title, drawn, table(f"Tap {tap}", header, rows)))
    text = paragraph(
        "At T = ",
        shown(evaluation["report_at"], digits),
        ": a sample whose exit is surer than the threshold leaves there; the others go "
        "to the end. At 0 all leave, at 1 none. Energy: of all that runs, the exit "
        "included, which runs for all samples.",
    )
    return together([text, element("div", {"class": "figures"}, *parts)])
