from statistics import stdev

import pytest
from scipy import stats

from tssd.report.collection import Collection
from tssd.report.html import Methods
from tssd.report.html.comparison_answer import TILES, answer
from tssd.report.html.comparison_differences import differences


def cards(page):
    return [text for a, text in page.all("div") if str(a.get("class")).startswith("card ")]


def tiles(page):
    return [text for a, text in page.all("div") if str(a.get("class", "")).split()[:1] == ["card"]]


def test_the_difference_at_the_student_s_t_comes_first(methods, read):
    page = read(answer(methods))
    expected = stats.ttest_rel([70, 73, 75], [60, 61, 62])
    low, high = expected.confidence_interval()
    between = f"{low:+.2f} to {high:+.2f}"
    at_1 = stats.ttest_rel([60, 62, 61], [50, 53, 50])
    # Holm: the smaller of two p times 2, and no larger one below it. T = 3 has no difference.
    corrected = max(expected.pvalue, 2 * min(expected.pvalue, at_1.pvalue))
    sentence = page.all("p")[0][1]
    assert sentence == (
        f"tssd has 72.67 % at T = 2, 11.67 ± {stdev([10, 12, 13]):.2f} points above vanilla, 95 % "
        f"interval {between}: told apart (p = {corrected:.3f} corrected for 2 comparisons, 3 "
        "seeds)."
    )
    own, baseline = cards(page)
    assert own.startswith("tssd72.67 %at T = 2")
    assert baseline.startswith("against the fair baseline: vanilla+11.67 points95 % interval ")
    assert "61.00 %, ± 1.00 over 3 seeds" in baseline


def test_the_answer_its_tile_and_the_table_say_the_same(changed, read):
    # p = 0.04 alone, 0.08 among the tests of the table: one verdict, that of the table.
    def apart(content):
        seed = content["seed"]
        content["best"]["accuracy"] = [0.5, (0.62, 0.65, 0.66)[seed], 0.5]

    collection = changed(apart, "d/tssd")
    del collection.methods["d/tsd"]
    alone = stats.ttest_rel([62, 65, 66], [60, 61, 62]).pvalue
    methods = Methods.of(collection, reference="d/vanilla", epoch="best")
    page = read(answer(methods))
    (p,) = [
        methods.differences.corrected[key] for key in methods.differences.corrected if key[1] == 2
    ]
    assert (alone < 0.05, p < 0.05) == (True, False), (alone, p)
    said = f"not told apart (p = {p:.3f} corrected for "
    assert said in page.all("p")[0][1]
    assert said in [text for text in tiles(page) if "the fair baseline" in text][0]
    assert f"p* {p:.3f}" in read(differences(methods)).text


def test_every_other_method_has_its_tile_in_order(methods, read):
    heads = [text.partition("+")[0] for text in tiles(read(answer(methods)))]
    assert heads[1:] == ["against tsd", "against the fair baseline: vanilla"]
    (other,) = [text for text in tiles(read(answer(methods))) if text.startswith("against tsd")]
    # (70 - 66 + 73 - 65) / 2 over the two common seeds
    assert "+6.00 points" in other
    assert "2 seeds, too few to test" in other
    assert "trained for T = 2 with a teacher of T = 4" in other


def test_one_seed_says_that_nothing_can_be_said(collection, read):
    one = {name: group[:1] for name, group in collection.methods.items()}
    methods = Methods.of(Collection(one, []), reference=None, epoch=None)
    page = read(answer(methods))
    assert page.all("p")[0][1].endswith(": one seed, nothing can be said about others.")
    assert "95 % interval" not in page.text
    assert "3: 1 seed for each of 3 methods" in page.text


def test_without_a_fair_baseline_it_is_said(collection, read):
    del collection.methods["d/vanilla"]
    page = read(answer(Methods.of(collection, reference=None, epoch=None)))
    assert "no fair one: it was not trained at T = 2 alone" in page.text
    assert "fair baseline:" not in page.text


def test_a_student_that_runs_longer_than_the_evaluation(changed, read):
    longer = {"student": 9, "teacher": 12}
    collection = changed(lambda content: content.update(timesteps=longer), "d/tssd")
    del collection.methods["d/tsd"]
    page = read(answer(Methods.of(collection, reference=None, epoch=None)))
    assert "at T = 3, 0.00 points" not in page.text
    assert "meant for T = 9, but the runs were evaluated up to T = 3" in page.text


def test_many_methods_have_tiles_with_the_baseline_among_them(collection, read):
    one = collection.methods["d/tsd"]
    many = {f"m{i:02}": one for i in range(30)} | {"vanilla": collection.methods["d/vanilla"]}
    page = read(answer(Methods.of(Collection(many, []), reference=None, epoch=None)))
    found = tiles(page)
    assert len(found) == 1 + TILES
    assert found[-1].startswith("against the fair baseline: vanilla")
    assert f"{30 - TILES} more methods: see Differences." in page.text
    assert "Not drawn" in page.text


def test_one_method_alone(collection, read):
    only = Collection({"d/tsd": collection.methods["d/tsd"]}, [])
    page = read(answer(Methods.of(only, reference=None, epoch=None)))
    assert "there is no other method to compare it with." in page.text


@pytest.mark.parametrize("selected", ["best", "last"])
def test_the_epoch_that_counts_is_shown_and_named(changed, read, selected):
    collection = changed(lambda content: content.update(selected=selected))
    page = read(answer(Methods.of(collection, reference=None, epoch=None)))
    found = {"best": ("72.67 %", "best epoch on the 40 val"), "last": ("60.17 %", "last epoch")}
    assert all(words in page.text for words in found[selected])
