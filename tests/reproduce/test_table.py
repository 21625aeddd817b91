import csv
from dataclasses import replace

import pytest

from tssd.errors import DataError
from tssd.reproduce.counted import Collected
from tssd.reproduce.table import Table

from .fabricated import TSSD, VANILLA, cell, plan, results

CELLS = (
    cell("vanilla", VANILLA, at=1, paper=35.0),
    cell("vanilla", VANILLA, at=2, paper=93.0, std=0.5, column="other"),
    cell("TSSD", TSSD, at=1, paper=94.0, std=0.25),
)
RUNS = {
    VANILLA: [results(0, [0.5, 0.7], last=[0.4, 0.6]), results(1, [0.6, 0.8], last=[0.5, 0.7])],
    TSSD: [results(0, [0.9, 0.9], last=[0.75, 0.8])],
}


def made(runs=RUNS, listed=(), epoch="best", baseline="vanilla", **text):
    made_up = plan(*CELLS, baseline=baseline, **text)
    collected = Collected(runs, listed)
    return Table.of(made_up, CELLS, collected, scale="small", seeds=[0, 1], epoch=epoch)


def test_mean_spread_and_difference_by_hand():
    one, two, three = made().lines
    # At T = 1: 50 and 60, mean 55, sample deviation sqrt(2 * 5^2 / 1).
    assert one.mean == pytest.approx(55)
    assert one.std == pytest.approx(50**0.5)
    assert one.difference == pytest.approx(55 - 35)
    # The same runs at T = 2: 70 and 80.
    assert (two.mean, two.difference) == (pytest.approx(75), pytest.approx(75 - 93))
    # A single seed has no spread.
    assert (three.values, three.std) == ((90.0,), None)
    assert three.difference == pytest.approx(90 - 94)


def test_recalibrated_cells_have_their_own_values():
    own = replace(cell("vanilla, recalibrated", VANILLA, at=2), recalibrated=True)
    collected = Collected(RUNS, [], {(VANILLA, 1): (0.25, 0.875)})
    of = {"scale": "small", "seeds": [0, 1], "epoch": "best"}
    table = Table.of(plan(own, CELLS[0]), (own, CELLS[0]), collected, **of)
    # Seed 0 could not be recalibrated; the row of the networks as they are has both.
    assert [(line.values, line.seeds) for line in table.lines] == [
        ((87.5,), (1,)), ((50.0, 60.0), (0, 1))
    ]  # fmt: skip
    assert [found["recalibrated"] for found in table.to_dict()["cells"]] == [True, False]


def test_gains_are_over_the_baseline_of_the_same_column():
    one, two, three = made().lines
    assert (one.gain, two.gain) == (None, None)
    assert three.gain == pytest.approx(90 - 50)  # of the only seed that both have
    assert three.paper_gain == pytest.approx(94 - 35)
    assert made(baseline=None).lines[2].gain is None


def test_the_spread_of_a_gain_is_that_of_the_differences_seed_by_seed():
    both = {VANILLA: RUNS[VANILLA], TSSD: [results(0, [0.6, 1]), results(1, [0.8, 1])]}
    line = made(both).lines[2]
    # 60 - 50 and 80 - 60: mean 15, sample deviation sqrt(2 * 5^2 / 1).
    assert (line.gain, line.gain_std) == (pytest.approx(15), pytest.approx(50**0.5))
    assert "| +15.00 ± 7.07 |" in made(both).to_markdown()
    # Other seeds are no pairs: what is left is seed 0, 60 - 50.
    other = {VANILLA: RUNS[VANILLA], TSSD: [results(0, [0.6, 1]), results(2, [0.8, 1])]}
    line = made(other).lines[2]
    assert (line.gain, line.gain_std, line.pairs) == (pytest.approx(10), None, 1)
    assert made().lines[2].gain_std is None


def test_the_last_epoch_is_another_table():
    table = made(epoch="last")
    assert [line.mean for line in table.lines] == [pytest.approx(v) for v in (45, 65, 75)]
    assert "last epoch" in table.to_markdown()


def test_missing_cells_have_no_numbers_and_no_zeros():
    table = made({VANILLA: RUNS[VANILLA]}, listed=["a/tssd, seed 0: not trained"])
    line = table.lines[2]
    assert (line.mean, line.difference, line.gain) == (None, None, None)
    assert (
        "| d | TSSD | net | 1 | - | 0 | - | 94.00 ± 0.25 | - | - | +59.00 |" in table.to_markdown()
    )
    assert "- a/tssd, seed 0: not trained" in table.to_markdown()
    row = list(csv.DictReader(table.to_csv().splitlines()))[2]
    assert (row["seeds"], row["mean"], row["difference"]) == ("0", "", "")


def test_csv_json_and_markdown_agree():
    table = made(notes=["said"], not_here=["a rival"])
    row, *_ = csv.DictReader(table.to_csv().splitlines())
    found = table.to_dict()
    assert float(row["mean"]) == pytest.approx(found["cells"][0]["mean"], abs=1e-4)
    assert row["train"] == "a/vanilla"
    assert found["cells"][0]["runs"] == [50.0, 60.0]
    assert found["cells"][2]["train"] == "a/tssd --timesteps.teacher=3"
    assert (found["notes"], found["not_here"], found["splits"]) == (
        ["said"], ["a rival"], {"d": "abc"},
    )  # fmt: skip
    text = table.to_markdown()
    assert "| d | vanilla | net | 1 | 55.00 ± 7.07 | 2 | 2 | 35.00 | +20.00 | - | - |" in text
    assert "Splits: d abc" in text


def test_columns_of_the_paper_are_there_only_where_it_has_numbers():
    cells = (cell("vanilla", VANILLA), cell("TSSD", TSSD))
    of = {"scale": "small", "seeds": [0, 1], "epoch": "best"}
    text = Table.of(
        plan(*cells, baseline="vanilla"), cells, Collected(RUNS, ()), **of
    ).to_markdown()
    assert (
        text.splitlines()[0] == "| data | method | column | T | ours, % | n | steps | gain, ours |"
    )
    assert "| d | TSSD | net | 1 |" in text
    assert "paper" not in text


def test_runs_on_other_samples_are_refused():
    runs = {VANILLA: RUNS[VANILLA], TSSD: [results(0, [0.9, 0.9], split="xyz")]}
    with pytest.raises(DataError, match=r"d: a/vanilla, seed 0 used split abc, but a/tssd .* xyz"):
        made(runs)


def test_a_run_that_was_not_evaluated_long_enough_is_refused():
    with pytest.raises(DataError, match="T = 2 is wanted, seed 0 was evaluated at T = 1 to 1"):
        made({VANILLA: [results(0, [0.5])]})


def test_the_only_baseline_of_a_sweep_serves_all_its_points():
    cells = (
        cell("vanilla", VANILLA, column="trained at T = 1", paper=50.0),
        cell("TSSD", TSSD, column="T_t = 3", x=3, paper=50.5),
    )
    collected = Collected({VANILLA: [results(0, [0.5])], TSSD: [results(0, [0.75])]}, ())
    of = {"scale": "small", "seeds": [0], "epoch": "best"}
    table = Table.of(plan(*cells, baseline="vanilla"), cells, collected, **of)
    assert table.lines[1].gain == pytest.approx(25)
    assert table.lines[1].paper_gain == pytest.approx(0.5)


def test_without_a_baseline_of_its_column_there_is_no_gain():
    cells = (
        cell("vanilla", VANILLA, column="VGG-9"),
        cell("vanilla", VANILLA, column="ResNet-18"),
        cell("TSSD", TSSD, column="another"),
    )
    collected = Collected({VANILLA: [results(0, [0.5])], TSSD: [results(0, [0.75])]}, ())
    of = {"scale": "small", "seeds": [0], "epoch": "best"}
    assert Table.of(plan(*cells, baseline="vanilla"), cells, collected, **of).lines[2].gain is None


def test_p_and_its_correction_stand_beside_a_gain_that_is_tested():
    runs = {
        VANILLA: [results(s, [0.5, 0.5]) for s in range(3)],
        TSSD: [results(s, [a, 1]) for s, a in enumerate((0.51, 0.52, 0.53))],
    }
    # Differences 1, 2, 3: t = 2 / (1 / sqrt 3) = 3.46 with 2 degrees of freedom.
    p = 1 - 12**0.5 / (12 + 2) ** 0.5
    text = made(runs).to_markdown()
    assert f"| +2.00 ± 1.00 | {p:.2g} | {p:.2g} | +59.00 |" in text
    assert "| gain, ours | p | corrected | gain, paper |" in text
    row = list(csv.DictReader(made(runs).to_csv().splitlines()))[2]
    assert (row["pairs"], float(row["p"])) == ("3", pytest.approx(p, abs=1e-4))


def test_a_small_p_is_no_zero_and_no_zero_has_a_sign():
    runs = {
        VANILLA: [results(s, [0.5, 0.5]) for s in range(3)],
        TSSD: [results(s, [0.5 - a, 1]) for s, a in enumerate((0.20001, 0.20002, 0.20003))],
    }
    (line,) = made(runs).lines[2:]
    row = list(csv.DictReader(made(runs).to_csv().splitlines()))[2]
    assert 0 < line.p < 1e-6
    assert (row["p"], row["corrected p"]) == (f"{line.p:.4g}", f"{line.corrected_p:.4g}")
    runs[TSSD] = [results(s, [0.5 - a, 1]) for s, a in enumerate((-1e-7, 1e-7, 2e-7))]
    assert made(runs).lines[2].gain < 0
    row = list(csv.DictReader(made(runs).to_csv().splitlines()))[2]
    assert (row["gain"], row["gain std"]) == ("0.0000", "0.0000")


def test_the_cost_of_training_is_the_longer_of_both_lengths():
    steps = {"student": 1, "teacher": 6}
    runs = {VANILLA: RUNS[VANILLA], TSSD: [results(0, [0.9, 0.9], timesteps=steps)]}
    table = made(runs)
    assert [line.steps for line in table.lines] == [2, 2, 6]
    assert [cell["steps"] for cell in table.to_dict()["cells"]] == [2, 2, 6]
    unknown = {VANILLA: [results(0, [0.5, 0.5], timesteps={"student": 1})]}
    assert made(unknown).lines[0].steps is None
    of = {"scale": "small", "seeds": [0, 1], "epoch": "best"}
    cells = [replace(CELLS[0], longer=3), CELLS[0]]  # in three times the epochs
    for known, steps in ((runs, [6, 2]), (unknown, [None, None])):
        table = Table.of(plan(*CELLS), cells, Collected(known, ()), **of)
        assert [line.steps for line in table.lines] == steps


def test_other_processors_are_told_below_the_table():
    places = [(VANILLA, 0), (VANILLA, 1), (TSSD, 0)]
    for names, told in (("AAA", False), ("ABA", True)):
        found = dict(zip(places, names, strict=True))
        table = Table.of(
            plan(*CELLS),
            CELLS,
            Collected(RUNS, (), processors=found),
            scale="small",
            seeds=[0],
            epoch="best",
        )
        assert ("different processors (2 of A; 1 of B)" in table.to_markdown()) is told
        assert table.to_dict()["processors"] == ({"A": 2, "B": 1} if told else {"A": 3})


def test_an_ablation_is_a_table_of_methods_against_timesteps():
    cells = [
        cell(row, v, at=t) for row, v in (("control", VANILLA), ("TSSD", TSSD)) for t in (1, 2)
    ]
    made_up = plan(*cells, kind="ablation", baseline="control", also_over=["TSSD"])
    of = {"scale": "small", "seeds": [0, 1], "epoch": "best"}
    text = Table.of(made_up, cells, Collected(RUNS, ()), **of).to_markdown()
    assert "| control | 2 | 2 | 55.00 ± 7.07 | 75.00 ± 7.07 |" in text
    assert "Gains are over control, in points" in text
    assert "Gain over control, points" in text and "Gain over TSSD, points" in text
