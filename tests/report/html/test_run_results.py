from scipy.stats import binomtest

from tssd.report.html.run_results import headline, timesteps
from tssd.report.html.sourced import Sourced
from tssd.runs.results import Results


def sourced(results):
    return Sourced(Results.of(results), "results.json#")


def test_the_headline_is_about_the_students_t(results, samples, read):
    page = read(headline(sourced(results()), samples))
    cards = [text for a, text in page.all("div") if a.get("class") == "card"]
    (own,) = [text for a, text in page.all("div") if a.get("class") == "card own"]
    low, high = (100 * end for end in binomtest(5, 8).proportion_ci(0.95, method="wilson"))
    between = f"95 % interval {low:.1f} to {high:.1f}, for the number of test samples"
    assert own.startswith(f"test accuracy at T = 262.50 %{between}")
    assert cards == [
        "calibration error6.66 %at T = 2; over-confident by 16.4 points",
        "parameters145,554without exits",
        "SynOps a sample2.47 Mat T = 2, plus MACs",
        "energy a sample1.461 µJat T = 2",
        "latency, measured2.5 msone sample at T = 2, cpu, 1 threads",
    ]
    for expected in (
        "4.6 pJ a multiply-accumulate",
        "0.9 pJ an accumulate",
        "45 nm",
        "what counts",
    ):
        assert expected in page.text


def test_a_student_that_runs_longer_than_the_evaluation(results, read):
    page = read(headline(sourced(results(student=9)), None))
    assert "test accuracy at T = 375.00 %" in page.text
    assert "latency" not in page.text


def test_every_t_has_its_row(results, samples, read):
    page = read(timesteps(sourced(results()), samples))
    rows = [text for _, text in page.all("tr")][1:4]
    assert rows[1] == "2 (T_s)62.5050.000.7506.6655.3 k2.47 M1.4610.2202.5"
    assert "latency, ms" in page.text
    assert len(page.all("circle")) == 1  # the ring at T_s


def test_error_bars_are_wilsons_interval(results, read):
    page = read(headline(sourced(results()), None))
    spoken = [text for a, text in page.all("title") if " to " in text]
    wilson = [binomtest(right, 8).proportion_ci(0.95, method="wilson") for right in (4, 5, 6)]
    assert [text.partition("(")[2] for text in spoken] == [
        f"{100 * low:.4g} to {100 * high:.4g})" for low, high in wilson
    ]


def test_all_right_and_all_wrong_are_not_certain(results, read):
    for share, between in ((1.0, "67.6 to 100.0"), (0.0, "0.0 to 32.4")):
        content = results()
        content["best"]["accuracy"] = [share] * 3
        page = read(headline(sourced(content), None))
        (own,) = [text for a, text in page.all("div") if a.get("class") == "card own"]
        assert f"95 % interval {between}, for" in own


def test_what_was_not_recorded_is_said(results, read):
    content = results()
    for key in ("operations", "nll", "calibration_error", "mean_firing_rate"):
        content["best"][key] = None
    del content["parameters"], content["split_sizes"]
    text = read(headline(sourced(content), None)).text
    assert "Operations and energy were not recorded." in text
    assert "parameters–not recorded" in text
    page = read(timesteps(sourced(content), None))
    assert [t for _, t in page.all("tr")][0] == "Taccuracy, %last epoch, %"


def test_nan_is_marked(results, read):
    content = results()
    content["best"]["nll"][1] = float("nan")
    page = read(timesteps(sourced(content), None))
    assert [text for a, text in page.all("data") if a.get("class") == "nan"] == ["NaN ⚠"]


def test_layers_that_were_not_counted_are_named(results, read):
    content = results()
    content["best"]["operations"]["uncounted"] = ["odd.layer"]
    assert "Not counted: odd.layer." in read(headline(sourced(content), None)).text


def test_graded_operations_and_both_prices_are_shown_where_they_were_counted(results, read):
    content = results()
    operations = content["best"]["operations"]
    operations |= {
        "graded_share": [0.25, 0.26, 0.27],
        "energy_graded_as_macs_uj": [1.5, 3.25, 5.5],
        "unpadded": {"energy_uj": [0.5, 1.125, 1.5]},
    }
    operations["layers"]["stages.0"]["graded_share"] = [0.125, 0.25, 0.375]
    page = read(timesteps(sourced(content), None))
    assert [text for _, text in page.all("tr")][2] == (
        "2 (T_s)62.5050.000.7506.6655.3 k2.47 M26.001.4613.251.1250.220"
    )
    layers = read(headline(sourced(content), None)).text
    assert "share of graded operations, T = 3" in layers
    assert "0.375" in layers
    assert "graded" not in read(headline(sourced(results()), None)).text


def test_the_numbers_are_those_of_the_epoch_that_counts(results, read):
    content = results() | {"selected": "last", "selected_because": "40 are <few>"}
    content["last"] = content["best"] | {"epoch": 2, "accuracy": [0.25, 0.375, 0.4375]}
    page = read(headline(sourced(content), None))
    (own,) = [text for a, text in page.all("div") if a.get("class") == "card own"]
    assert own.startswith("test accuracy at T = 237.50 %")
    assert "last epoch (40 are <few>)" in page.text
    page = read(timesteps(sourced(content), None))
    assert [text for _, text in page.all("tr")][2].startswith("2 (T_s)37.5062.50")
    assert "best epoch, %" in page.text


def test_the_calibration_axis_begins_at_zero(results, read):
    page = read(timesteps(sourced(results()), None))
    ticks = [text for a, text in page.all("text") if a.get("class") == "tick"]
    assert ticks[0] == "0"
