import math

from tssd.report.html import run_page
from tssd.report.html.run_unfinished import unfinished
from tssd.runs.files import RunFiles


def test_how_far_it_went_and_how_it_goes_on(metrics, config, read):
    page = read(unfinished(RunFiles("a b/seed0", None, metrics, config)))
    assert "This run is not finished: 3 of 3 epochs." in page.text
    cards = [text for a, text in page.all("div") if a.get("class") == "card"]
    assert cards == [
        "validation accuracy35.00 %last, epoch 3",
        "validation accuracy40.00 %best so far, epoch 2",
    ]
    assert page.all("pre")[0][1] == "tssd train 'a b/seed0' --resume"


def test_without_validation_or_any_epoch(read):
    row = {"val/accuracy": math.nan}
    assert "No validation accuracy" in read(unfinished(RunFiles("r", None, [row]))).text
    assert "not finished: 0 epochs" in read(unfinished(RunFiles("r", None))).text


def test_its_page_has_curves_and_configuration(metrics, config, read):
    page = read(run_page(RunFiles("r", None, metrics, config), "none", command="c"))
    assert [a["id"] for a, _ in page.all("section")] == ["headline", "curves", "made"]
    assert config in page.text
