import statistics

import pytest

from tssd.errors import UsageError
from tssd.report.collect import Collection
from tssd.report.html.comparison_results import DRAWN, Methods, accuracy, costs, overview


def rows(page, caption):
    """Cells of the first table with that caption."""
    at = [
        i for i, (tag, _, text) in enumerate(page.elements) if tag == "caption" and caption in text
    ]
    cells = []
    for tag, _, text in page.elements[at[0] + 1 :]:
        if tag == "table":
            break
        if tag == "tr":
            cells.append([])
        elif tag in ("th", "td"):
            cells[-1].append(text)
    return cells


def test_the_reference_is_the_first_vanilla_method_or_the_one_asked_for(collection):
    def reference(name):
        return Methods.of(collection, reference=name, epoch="best").reference

    assert reference(None) == "d/vanilla"
    assert reference("d/tsd") == reference("tsd") == "d/tsd"
    with pytest.raises(UsageError, match="'ssd' is none of the methods d/tssd, d/tsd, d/vanilla"):
        reference("ssd")


def test_without_a_vanilla_method_the_first_is_the_reference(collection):
    del collection.methods["d/vanilla"]
    assert Methods.of(collection, reference=None, epoch="best").reference == "d/tssd"


def test_a_name_that_fits_several_is_refused(collection):
    methods = {f"{top}/a": collection.methods["d/tsd"] for top in ("x", "y")}
    with pytest.raises(UsageError, match="fits several of"):
        Methods.of(Collection(methods, []), reference="a", epoch="best")


def test_means_and_spreads_by_hand(methods, read):
    page = read(accuracy(methods))
    header, tssd, tsd, vanilla = rows(page, "Test accuracy, %, mean")
    assert header == ["method", "n", "T_s", "T = 1", "T = 2", "T = 3"]
    spread = statistics.stdev([70, 73, 75])
    assert tssd[:5] == ["tssd", "3", "2", "61.00 ± 1.00", f"72.67 ± {spread:.2f}"]
    assert tsd[:3] == ["tsd", "2", "2"]  # a seed is missing
    assert vanilla[3:] == ["51.00 ± 1.73", "61.00 ± 1.00", "71.00 ± 1.00"]
    bold = [text for _, text in page.all("b")]
    assert bold[:3] == [tssd[4], tsd[4], vanilla[4]]


def test_every_run_is_listed_with_its_place(methods, collection, read):
    page = read(accuracy(methods))
    found = {a["data-at"]: a["value"] for a, _ in page.all("data") if "data-at" in a}
    for name, group in collection.methods.items():
        for seed, run in enumerate(group):
            for t, share in enumerate(run.results["best"]["accuracy"]):
                at = f"{name}/seed{seed}/results.json#/best/accuracy/{t}"
                assert float(found[at]) == share


def test_the_last_epoch(collection, read):
    methods = Methods.of(collection, reference=None, epoch="last")
    assert rows(read(accuracy(methods)), "mean")[1][3] == "48.50 ± 1.00"
    assert "last epoch" in read(overview(methods)).text


def test_costs_are_means_over_the_seeds(methods, read):
    page = read(costs(methods))
    assert rows(page, "SynOps a sample")[1] == [
        "tssd", "3", "1.235 ± 0.000 M", "2.469 ± 0.000 M", "3.704 ± 0.000 M",
    ]  # fmt: skip
    assert rows(page, "Energy a sample")[3][2] == "0.7307 ± 0.0000"
    assert "4.6 pJ a multiply-accumulate" in page.text


def test_costs_are_those_of_the_epoch_that_counts(collection, read):
    methods = Methods.of(collection, reference=None, epoch="last")
    # Runs that have kept the accuracy of their last epoch only.
    page = read(costs(methods))
    assert "Weights: best epoch" in page.text
    assert rows(page, "Calibration error")[1][1] == "3"
    for group in collection.methods.values():
        for run in group:
            run.results["last"] = run.results["best"] | {"calibration_error": [0.25] * 3}
    page = read(costs(methods))
    assert "Weights: last epoch" in page.text
    assert rows(page, "Calibration error")[1][2] == "25.00 ± 0.00"


def test_costs_that_were_not_recorded_are_left_out(collection, read):
    for group in collection.methods.values():
        for run in group:
            run.results["best"]["operations"] = None
    page = read(costs(Methods.of(collection, reference=None, epoch="best")))
    assert "SynOps a sample" not in page.text
    assert "Operations were not recorded." in page.text
    assert rows(page, "Calibration error")[1][1] == "3"


def test_the_overview_counts(methods, read):
    page = read(overview(methods))
    cards = [text for a, text in page.all("div") if a.get("class") == "card"]
    assert cards == [
        "methods3reference: vanilla",
        "runs counted82 to 3 seeds a method",
        "not counted1listed at the end, with reasons",
        "highest mean at T = 2, %72.67tssd, n = 3; the reference has 61.00",
    ]
    assert methods.best_other() == ["d/tssd"]


@pytest.mark.parametrize(("count", "words"), [(1, "1 seed a method"), (2, "2 seeds a method")])
def test_the_overview_counts_equal_seeds_once(collection, read, count, words):
    methods = {name: group[:count] for name, group in collection.methods.items()}
    text = read(overview(Methods.of(Collection(methods, []), reference=None, epoch="best"))).text
    assert f"runs counted{3 * count}{words}" in text


def test_many_methods_are_tabled_but_not_all_drawn(collection, read):
    one = collection.methods["d/tsd"]
    many = {f"m{i:02}": one for i in range(30)} | {"vanilla": one}
    methods = Methods.of(Collection(many, []), reference=None, epoch="best")
    assert methods.drawn[0] == "vanilla"
    assert len(methods.drawn) == DRAWN
    page = read(accuracy(methods))
    assert f"The first {DRAWN} methods; {31 - DRAWN} more in the table." in page.text
    assert len(rows(page, "mean ± standard")) == 32


def test_one_method_alone(collection):
    only = Collection({"d/tsd": collection.methods["d/tsd"]}, [])
    methods = Methods.of(only, reference=None, epoch="best")
    assert (methods.best_other(), methods.labels) == ([], {"d/tsd": "tsd"})
