from tssd.report.html.run_recalibrated import recalibrated
from tssd.report.html.sourced import Sourced
from tssd.runs.recalibration import Recalibration
from tssd.runs.results import Results


def test_both_are_drawn_and_numbers_say_where_they_are_from(results, read):
    found = Recalibration(
        samples=400, training_samples=45, accuracy=(0.6, 0.7, 0.8), calibration_error=(0.1,) * 3
    )
    page = read(
        recalibrated(
            Sourced(Results.of(results()), "results.json#"), Sourced(found, "recalibrated.json#")
        )
    )
    assert "on 45 training samples" in page.text
    places = {a["data-at"]: text for a, text in page.all("data")}
    assert places["recalibrated.json#/accuracy/1"] == "70.00"
    assert places["results.json#/best/accuracy/1"] == "62.50"
    assert "recalibrated.json#/calibration_error/0" in places
    legends = [text for _, text in page.all("li")]
    assert legends[:2] == ["recalibrated at each T", "as trained"]
