import csv
import json
import statistics

import pytest
from scipy import stats

from tssd.errors import UsageError
from tssd.report import Comparison, Differences, Row

# Accuracy at T = 1 and 2, a seed each.
CONTROL = ((80.0, 85.0), (82.0, 86.0), (81.0, 88.0), (83.0, 87.0))
SHORT = ((70.0, 84.0), (71.0, 87.5), (73.0, 86.5), (72.0, 88.0))
TWO = ("d+vanilla_ts", 2)
TAUGHT = ((80.5, 85.5), (81.5, 86.0), (81.5, 88.5), (83.5, 86.5))


def comparison(*rows, timesteps=(1, 2)):
    return Comparison(tuple(rows), timesteps, split_hash="abc", samples=400)


def row(name, values, *, teacher=1, seeds=None):
    return Row(f"d+{name}", 1, seeds or tuple(range(len(values))), values, teacher)


@pytest.fixture
def found():
    rows = (row("vanilla_ts", SHORT), row("control", CONTROL, teacher=2))
    return Differences.of(comparison(*rows, row("tssd", TAUGHT, teacher=2)))


def at(values, t):
    return [run[t - 1] for run in values]


def test_differences_agree_with_scipy_and_p_with_holm_by_hand(found):
    assert (found.against, found.methods) == ("d+control", ["d+vanilla_ts", "d+tssd"])
    ps = {}
    for name, values in (("d+vanilla_ts", SHORT), ("d+tssd", TAUGHT)):
        for t in (1, 2):
            test, expected = found.tests[name, t], stats.ttest_rel(at(values, t), at(CONTROL, t))
            ps[name, t] = expected.pvalue
            interval = expected.confidence_interval()
            assert test.p == pytest.approx(expected.pvalue)
            assert test.interval == (pytest.approx(interval.low), pytest.approx(interval.high))
    # Holm: the smallest times 4, the next times 3, ..., never falling, at most 1.
    (first, p1), (second, p2), *_ = sorted(ps.items(), key=lambda item: item[1])
    assert found.corrected[first] == pytest.approx(4 * p1)
    assert found.corrected[second] == pytest.approx(min(1, max(4 * p1, 3 * p2)))
    told = {key: found.told_apart(key) for key in ps}
    assert told == {key: key == ("d+vanilla_ts", 1) for key in ps}


def test_any_method_may_be_the_baseline(found):
    other = Differences.of(found.comparison, "tssd")
    assert other.against == "d+tssd"
    assert other.methods == ["d+vanilla_ts", "d+control"]
    key = ("d+control", 1)
    assert other.tests[key].difference == pytest.approx(-found.tests["d+tssd", 1].difference)
    with pytest.raises(UsageError, match="^--against: 'ssd' is none of the methods d.vanilla_ts, "):
        Differences.of(found.comparison, "ssd")


def test_it_is_said_in_words(found):
    short, taught, answer = found.sentences()
    d = [a - b for a, b in zip(at(SHORT, 1), at(CONTROL, 1), strict=True)]
    below = f"{-statistics.mean(d):.2f} ± {statistics.stdev(d):.2f} points below"
    low, high = (f"{bound:+.2f}".replace("-", "−") for bound in found.tests[TWO].interval)
    assert short == (
        f"vanilla_ts: told apart at T = 1 ({below}); not told apart at T = 2 (95 % intervals "
        f"within {low} to {high})."
    )
    lows, highs = zip(*(found.tests["d+tssd", t].interval for t in (1, 2)), strict=True)
    within = f"{min(lows):+.2f} to {max(highs):+.2f}".replace("-", "−")
    assert taught == f"tssd: not told apart at T = 1, 2 (95 % intervals within {within})."
    # (0.5 - 0.5 + 0.5 + 0.5) / 4, sqrt(4 * ... / 3) = 0.5
    assert answer.startswith("tssd has 81.75 % at T = 1, 0.25 ± 0.50 points above control, 95 % in")
    p = found.corrected["d+tssd", 1]
    assert answer.endswith(f"not told apart (p = {p:.2f} corrected for 4 comparisons, 4 seeds).")


def test_seeds_that_are_missing_and_too_few():
    rows = [
        row("control", CONTROL),
        row("three", SHORT[1:], seeds=(1, 2, 3)),
        row("one", SHORT[:1]),
        row("two", SHORT[:2]),
        row("none", SHORT[:1], seeds=(9,)),
        row("copy", CONTROL),
    ]
    found = Differences.of(comparison(*rows, timesteps=(1,)))
    test = found.tests["d+three", 1]
    assert (test.seeds, test.difference) == ((1, 2, 3), pytest.approx((-11 - 8 - 11) / 3))
    assert list(found.corrected) == [("d+three", 1)]
    _, *unknown, _ = found.sentences()
    assert unknown == [
        "one: one seed, nothing can be said about others.",
        "two: 2 seeds, too few to test.",
        "none: no common seed, nothing can be said.",
        "copy: the same for all 4 seeds, no test.",
    ]
    parts = [found.parts((name, 1)) for name in found.methods[1:]]
    assert parts == [
        ["−10.00", "1 seed: no test"],
        ["−10.50 ± 0.71", "2 seeds: no test"],
        ["no common seed"],
        ["+0.00 ± 0.00", "no spread: no test"],
    ]
    lines = list(csv.DictReader(found.to_csv().splitlines()))
    assert [line["told apart"] for line in lines] == ["yes", "", "", "", ""]
    assert (lines[3]["seeds"], lines[3]["difference"], lines[3]["p"]) == ("0", "", "")
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == found.to_dict()


def test_files_hold_what_is_shown(found):
    line = next(csv.DictReader(found.to_csv().splitlines()))
    test = found.tests["d+vanilla_ts", 1]
    assert (line["method"], line["against"], line["T"]) == ("d+vanilla_ts", "d+control", "1")
    assert float(line["difference"]) == pytest.approx(test.difference)
    assert [float(line[c]) for c in ("95 % from", "to")] == pytest.approx(test.interval, abs=1e-4)
    assert float(line["corrected p"]) == pytest.approx(found.corrected["d+vanilla_ts", 1], rel=1e-3)
    (first, _) = found.to_dict()["rows"]
    assert first["timesteps"]["1"]["told_apart"] is True
    assert first["timesteps"]["2"]["told_apart"] is False
    text = found.to_markdown()
    assert "corrected for 4 comparisons (Holm); bold = told apart (p < 0.05):" in text
    (cells,) = [one for one in text.splitlines() if one.startswith("| vanilla_ts | ")]
    assert cells.count("**") == 2
    assert text.count("\n- ") == 3


def test_a_method_alone_differs_from_nothing():
    found = Differences.of(comparison(row("tssd", TAUGHT)))
    assert (found.tests, found.sentences(), found.against) == ({}, [], "d+tssd")
