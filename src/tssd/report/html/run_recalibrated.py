"""A run with batch norm recalibrated at each T."""

from tssd.report.html.against_t import against_t
from tssd.report.html.elements import Html, note, together
from tssd.report.html.figures import figures
from tssd.report.html.rounding import whole
from tssd.report.html.sourced import Sourced, shown


def recalibrated(results: Sourced, found: Sourced) -> Html:
    """Accuracy and calibration beside those of the run as it is, with the weights that count.

    Args:
        results: results.json.
        found: what belongs beside them of recalibrated.json.
    """
    main = results[results.value.selected]
    student = int(results["timesteps"]["student"].value)
    lines = {
        name: {"recalibrated at each T": found[key], "as trained": main[key]}
        for name, key in (("accuracy", "accuracy"), ("calibration error", "calibration_error"))
    }
    drawn = [
        against_t(
            f"recalibrated-{key.split()[0]}",
            f"{key.capitalize()} against T, recalibrated",
            "test accuracy, %" if key == "accuracy" else "expected calibration error, %",
            of_both,
            student,
            samples=found["samples"].number() if key == "accuracy" else 0,
            zero=key != "accuracy",
        )
        for key, of_both in lines.items()
    ]
    said = note(
        "Batch norm's running statistics are those of the T in training. Here they are measured "
        "anew at each T, on ",
        shown(found["training_samples"], whole),
        " training samples; no label is used, and no weight is changed.",
    )
    return together([said, figures(*drawn)])
