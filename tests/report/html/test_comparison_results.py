import statistics

from tssd.report.html import Methods
from tssd.report.html.comparison_results import accuracy, costs


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
            for t, share in enumerate(run.results.best.accuracy):
                at = f"{name}/seed{seed}/results.json#/best/accuracy/{t}"
                assert float(found[at]) == share


def test_a_seed_is_all_of_its_digits(changed, read):
    found = changed(lambda content: content.update(seed=20240601 + content["seed"]))
    page = read(accuracy(Methods.of(found, reference=None, epoch="best")))
    assert [row[1] for row in rows(page, "Test accuracy of each run")[1:3]] == [
        "20240601",
        "20240602",
    ]


def test_the_last_epoch(collection, read):
    methods = Methods.of(collection, reference=None, epoch="last")
    assert rows(read(accuracy(methods)), "mean")[1][3] == "48.50 ± 1.00"


def test_costs_are_means_over_the_seeds(methods, read):
    page = read(costs(methods))
    assert rows(page, "SynOps a sample")[1] == [
        "tssd", "3", "1.235 ± 0.000 M", "2.469 ± 0.000 M", "3.704 ± 0.000 M",
    ]  # fmt: skip
    assert rows(page, "Energy a sample")[3][2] == "0.7307 ± 0.0000"
    assert "4.6 pJ a multiply-accumulate" in page.text


def test_costs_are_those_of_the_epoch_that_counts(collection, changed, read):
    methods = Methods.of(collection, reference=None, epoch="last")
    # Runs that have kept the accuracy of their last epoch only.
    page = read(costs(methods))
    assert "Weights: best epoch" in page.text
    assert rows(page, "Spikes a neuron")[1][1] == "3"
    changed(lambda found: found.update(last=found["best"] | {"mean_firing_rate": [0.25] * 3}))
    page = read(costs(methods))
    assert "Weights: last epoch" in page.text
    assert rows(page, "Spikes a neuron")[1][2] == "0.250 ± 0.000"


def test_costs_that_were_not_recorded_are_left_out(changed, read):
    collection = changed(lambda content: content["best"].update(operations=None))
    page = read(costs(Methods.of(collection, reference=None, epoch="best")))
    assert "SynOps a sample" not in page.text
    assert "Operations were not recorded." in page.text
    assert rows(page, "Spikes a neuron")[1][1] == "3"


def test_both_prices_are_shown_where_they_were_counted(collection, changed, read):
    assert "graded" not in read(costs(Methods.of(collection, reference=None, epoch=None))).text
    priced = {"graded_share": [0.25] * 3, "energy_graded_as_macs_uj": [1.5] * 3}
    changed(lambda content: content["best"]["operations"].update(priced))
    page = read(costs(Methods.of(collection, reference=None, epoch=None)))
    assert rows(page, "Energy, graded SynOps priced as MACs")[1][2] == "1.500 ± 0.000"
    assert rows(page, "Graded SynOps, %")[1][2] == "25.00 ± 0.00"
