from tssd.report.html import Methods
from tssd.report.html.comparison_calibration import calibration


def test_errors_are_means_over_the_seeds_and_the_axis_begins_at_zero(methods, read):
    page = read(calibration(methods))
    row = next(text for _, text in page.all("tr") if text.startswith("tssd3"))
    assert row == "tssd35.66 ± 0.006.66 ± 0.007.66 ± 0.00"
    ticks = [text for a, text in page.all("text") if a.get("class") == "tick"]
    assert ticks[0] == "0"
    assert [text for _, text in page.all("li")] == ["tssd", "tsd", "vanilla"]


def test_too_sure_or_not_sure_enough(changed, read):
    def less_sure(content):
        confidence = 0.8 + (-0.2, -0.1, -0.3)[content["seed"]]
        bins = {"samples": [8], "confidence": [confidence], "accuracy": [0.8]}
        content["best"]["reliability"] = bins

    collection = changed(less_sure, "d/tssd")
    page = read(calibration(Methods.of(collection, reference=None, epoch=None)))
    row = next(text for _, text in page.all("tr") if text.startswith("tssd32"))
    assert row == "tssd32-20.00 ± 10.00under-confident by 20.0 points"


def test_nothing_was_recorded(changed, read):
    collection = changed(lambda content: content["best"].update(calibration_error=None))
    page = read(calibration(Methods.of(collection, reference=None, epoch=None)))
    assert page.text == "No calibration errors were recorded."
