from scipy import stats

from tssd.report.collection import Collection
from tssd.report.html import Methods
from tssd.report.html.comparison_differences import differences
from tssd.runs.results import Results
from tssd.runs.state import FinishedRun


def compare(collection, **seeds):
    """Methods with only the first so many seeds."""
    kept = {n: g[: seeds.get(n.rpartition("/")[2])] for n, g in collection.methods.items()}
    return Methods.of(Collection(kept, []), reference=None, epoch="best")


def test_differences_and_p_agree_with_scipy(methods, read):
    page = read(differences(methods))
    row = [text for _, text in page.all("tr") if text.startswith("tssd")][0]
    expected = stats.ttest_rel([70, 73, 75], [60, 61, 62])
    low, high = expected.confidence_interval()
    assert f"+11.67[{low:+.2f}, {high:+.2f}]p {expected.pvalue:.3f}, p* " in row
    assert row.startswith("tssd3")


def test_the_reference_has_no_row(methods, read):
    heads = [text for a, text in read(differences(methods)).all("th") if a["scope"] == "row"]
    assert heads == ["tssd", "tsd"]


def test_two_seeds_are_too_few_and_it_is_said(methods, read):
    page = read(differences(methods))
    row = [text for _, text in page.all("tr") if text.startswith("tsd")][0]
    assert row.startswith("tsd2+4.00too few seeds to test")
    assert "n is small: with 3 seeds a difference must be 2.5 times" in page.text


def test_nothing_can_be_said_with_few_seeds(collection, read):
    text = read(differences(compare(collection, tssd=2, tsd=1, vanilla=2))).text
    assert "n = 2 common seeds: too few for any statement." in text
    assert "p = 0.05 taken alone" not in text
    one = read(differences(compare(collection, tssd=1, tsd=1, vanilla=1))).text
    assert "n = 1 common seed: too few" in one


def test_the_number_of_tests_is_taken_into_account(methods, read):
    text = read(differences(methods)).text
    assert (
        "Of 2 tests, 2 are below p = 0.05 taken alone (chance alone would give about 0.1)" in text
    )
    assert "corrected for the 2 tests in this table (Holm)" in text


def test_equal_differences_are_not_tested(collection, read):
    collection.methods["d/copy"] = collection.methods["d/vanilla"]
    methods = Methods.of(collection, reference="vanilla", epoch="best")
    page = read(differences(methods))
    row = [text for _, text in page.all("tr") if text.startswith("copy")][0]
    assert row.startswith("copy3+0.00the same for all seeds, no test")


def test_no_common_seed(changed, read):
    collection = changed(lambda content: content.update(seed=content["seed"] + 10), "d/tsd")
    methods = Methods.of(collection, reference=None, epoch="best")
    page = read(differences(methods))
    row = [text for _, text in page.all("tr") if text.startswith("tsd")][0]
    assert row == "tsd0" + 3 * "no common seed"


def test_many_seeds_need_no_warning(results, read, tmp_path):
    def group(name, base):
        return [
            FinishedRun(
                tmp_path,
                f"{name}/seed{s}",
                Results.of(results(s, accuracy=(base + 0.001 * (s * 7 % 5), 0.5))),
            )
            for s in range(12)
        ]

    runs = Collection({"vanilla": group("vanilla", 0.5), "tssd": group("tssd", 0.6)}, [])
    text = read(differences(Methods.of(runs, reference=None, epoch="best"))).text
    assert "n is small" not in text
    assert "nothing is said about other samples" in text


def test_one_method_has_nothing_to_differ_from(collection, read):
    only = Collection({"d/tsd": collection.methods["d/tsd"]}, [])
    methods = Methods.of(only, reference=None, epoch="best")
    assert "one method only" in read(differences(methods)).text
