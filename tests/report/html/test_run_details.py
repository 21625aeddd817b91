from tssd.report.html.run_details import TAPS, confusion, early_exit, firing_rates
from tssd.report.html.sourced import Sourced
from tssd.runs.results import Results


def best(results):
    return Sourced(Results.of(results), "results.json#")["best"]


def test_the_confusion_matrix_is_drawn_and_tabled(results, read):
    page = read(confusion(best(results()), ["cat", "<dog>"]))
    shades = [a["fill-opacity"] for a, _ in page.all("rect") if a["class"] == "cell"]
    assert shades == ["0.75", "0.25", "0.50", "0.50"]
    assert [text for _, text in page.all("tr")] == ["truthcat<dog>", "cat31", "<dog>22"]
    assert not page.all("dog")
    assert "At T = 2." in page.text


def test_a_class_without_samples_has_an_empty_row(results, read):
    content = results()
    content["best"]["confusion"] = [[0, 0], [2, 2]]
    assert read(confusion(best(content), ["a", "b"])).all("svg")


def test_firing_rates_are_drawn_and_tabled(results, read):
    page = read(firing_rates(best(results())))
    assert [text for _, text in page.all("tr")] == [
        "layerT = 1T = 2T = 3", "stages.0/10.210.220.23", "all neurons0.210.220.23",
    ]  # fmt: skip
    written = [text for _, text in page.all("text") if text.startswith("0.")]
    assert written == ["0.210", "0.220", "0.230"] * 2
    assert "Never fire" not in page.text


def test_silent_layers_are_drawn(results, read):
    content = results()
    content["best"]["firing_rates"] = {"a": [0.0, 0.0]}
    content["best"]["mean_firing_rate"] = None
    content["best"]["uncounted"] = ["odd"]
    page = read(firing_rates(best(content)))
    assert page.all("svg")
    assert "Not counted: odd." in page.text
    assert "Never fire: a. What stands behind them" in page.text


def test_early_exit_is_drawn_and_tabled(results, read):
    page = read(early_exit(best(results())))
    assert [text for _, text in page.all("tr")][1:] == [
        "025.00100.00", "0.550.0037.50", "162.500.00",
    ]  # fmt: skip
    assert page.all("figcaption")[0][1] == "Early exit at tap 1"


def test_the_energy_of_an_early_exit_is_tabled_where_it_was_counted(results, read):
    content = results()
    costs = dict.fromkeys(("macs", "acs", "energy_graded_as_macs_uj"), [1.0] * 3) | {
        "energy_uj": [1.5, 2.5, 3.5],
        "energy_saved": [0.5, 0.25, -0.125],
        "weak_energy_uj": 0.5,
    }
    content["best"]["early_exit"]["1"]["costs"] = costs
    page = read(early_exit(best(content)))
    assert [text for _, text in page.all("tr")][1:] == [
        "025.00100.001.550.00", "0.550.0037.502.525.00", "162.500.003.5-12.50",
    ]  # fmt: skip


def test_what_is_not_there_is_said(results, read):
    content = results()
    content["best"] |= {"confusion": [], "firing_rates": None, "early_exit": {}}
    assert "No confusion matrix" in read(confusion(best(content), [])).text
    assert "No firing rates were recorded" in read(firing_rates(best(content))).text
    content["best"]["firing_rates"] = {}  # of an ANN
    assert "No firing rates: the network has no neurons" in read(firing_rates(best(content))).text
    assert "no exits" in read(early_exit(best(content))).text


def test_numbers_that_are_missing_are_marked_and_do_no_harm(results, read):
    content = results()
    content["best"]["firing_rates"] = {"a": [0.1]}
    content["best"]["confusion"] = [[1, 2], [3]]
    assert "a, 3: nan" in read(firing_rates(best(content))).text
    assert "b, b: nan" in read(confusion(best(content), ["a", "b"])).text
    content["best"]["early_exit"]["1"]["accuracy"] = [0.5]
    assert read(early_exit(best(content))).all("svg")


def test_many_classes_and_many_exits_are_bounded(results, read):
    content = results()
    content["best"]["confusion"] = [[1]]
    assert "201 classes are too many" in read(confusion(best(content), ["x"] * 201)).text
    curve = content["best"]["early_exit"]["1"]
    content["best"]["early_exit"] = {str(tap): curve for tap in range(50)}
    assert len(read(early_exit(best(content))).all("figure")) == TAPS
