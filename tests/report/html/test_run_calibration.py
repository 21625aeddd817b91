from tssd.report.html.run_calibration import calibration
from tssd.report.html.sourced import Sourced
from tssd.runs.results import Results


def best_of(results):
    return Sourced(Results.of(results), "results.json#")["best"]


def test_a_bin_is_a_row_and_a_point(results, read):
    page = read(calibration(best_of(results())))
    rows = [text for _, text in page.all("tr")]
    assert rows[1] == "0.0 to 33.30––"
    assert rows[2] == "33.3 to 66.7356.2525.00"
    assert rows[3] == "66.7 to 100.0587.5080.00"
    spoken = " ".join(text for _, text in page.all("title"))
    assert "56.25" in spoken and "87.5" in spoken
    assert "At T = 2: expected calibration error 6.66 %" in page.text


def test_numbers_say_where_they_were_read(results, read):
    page = read(calibration(best_of(results())))
    assert "results.json#/best/reliability/accuracy/2" in page.attributes("data-at")


def test_runs_without_bins_say_so(results, read):
    content = results()
    del content["best"]["reliability"]
    assert "were not recorded" in read(calibration(best_of(content))).text


def test_a_damaged_bin_is_marked_and_not_drawn(results, read):
    content = results()
    content["best"]["reliability"]["confidence"][1] = float("nan")
    page = read(calibration(best_of(content)))
    assert [text for a, text in page.all("data") if a.get("class") == "nan"] == ["NaN ⚠"]
