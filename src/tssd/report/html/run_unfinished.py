"""The first screen of a run that is not finished: how far it went, and how it goes on."""

import math

from tssd.report.html.elements import Html, element, note, paragraph, together
from tssd.report.html.rounding import percent
from tssd.report.html.sourced import number
from tssd.runs.files import RunFiles, planned_epochs, resuming


def unfinished(run: RunFiles) -> Html:
    """What is there: the validation accuracy of the last epoch and of the best so far.

    Args:
        run: its files, without results.
    """
    done, planned = len(run.metrics), planned_epochs(run.config)
    of = f" of {planned}" if planned is not None else ""
    command = resuming(run.name, run.config)
    accuracies = [row.get("val/accuracy", math.nan) for row in run.metrics]
    known = [(share, epoch) for epoch, share in enumerate(accuracies, 1) if math.isfinite(share)]
    parts: list[Html] = [
        element(
            "p",
            {"class": "warning"},
            f"This run is not finished: {done}{of} epochs. Nothing here was measured on the test "
            "samples.",
        ),
        note("It goes on with:"),
        element("pre", {"class": "command"}, command),
    ]
    if known:
        last, best = known[-1], max(known, key=lambda pair: pair[0])
        cards = [_card(name, *found) for name, found in (("last", last), ("best so far", best))]
        parts.insert(1, element("div", {"class": "cards"}, *cards))
    else:
        parts.append(paragraph("No validation accuracy was recorded."))
    return together(parts)


def _card(name: str, share: float, epoch: int) -> Html:
    return element(
        "div",
        {"class": "card"},
        element("small", None, "validation accuracy"),
        element("b", None, number(share, percent), element("span", None, " %")),
        element("small", None, f"{name}, epoch {epoch}"),
    )
