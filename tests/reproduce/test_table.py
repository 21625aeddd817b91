import csv
from dataclasses import replace

import pytest

from tssd.errors import DataError
from tssd.reproduce.counted import Collected
from tssd.reproduce.table import Table, signed, spread

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
    assert three.gain == pytest.approx(90 - 55)
    assert three.paper_gain == pytest.approx(94 - 35)
    assert made(baseline=None).lines[2].gain is None


def test_the_spread_of_a_gain_is_that_of_the_differences_seed_by_seed():
    both = {VANILLA: RUNS[VANILLA], TSSD: [results(0, [0.6, 1]), results(1, [0.8, 1])]}
    line = made(both).lines[2]
    # 60 - 50 and 80 - 60: mean 15, sample deviation sqrt(2 * 5^2 / 1).
    assert (line.gain, line.gain_std) == (pytest.approx(15), pytest.approx(50**0.5))
    assert "| +15.00 ± 7.07 |" in made(both).to_markdown()
    # Other seeds are no pairs.
    other = {VANILLA: RUNS[VANILLA], TSSD: [results(0, [0.6, 1]), results(2, [0.8, 1])]}
    assert (made(other).lines[2].gain, made(other).lines[2].gain_std) == (pytest.approx(15), None)
    assert made().lines[2].gain_std is None


def test_the_last_epoch_is_another_table():
    table = made(epoch="last")
    assert [line.mean for line in table.lines] == [pytest.approx(v) for v in (45, 65, 75)]
    assert "last epoch" in table.to_markdown()


def test_missing_cells_have_no_numbers_and_no_zeros():
    table = made({VANILLA: RUNS[VANILLA]}, listed=["a/tssd, seed 0: not trained"])
    line = table.lines[2]
    assert (line.mean, line.difference, line.gain) == (None, None, None)
    assert "| d | TSSD | net | 1 | - | 0 | 94.00 ± 0.25 | - | - | +59.00 |" in table.to_markdown()
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
    assert "| d | vanilla | net | 1 | 55.00 ± 7.07 | 2 | 35.00 | +20.00 | - | - |" in text
    assert "Splits: d abc" in text


def test_columns_of_the_paper_are_there_only_where_it_has_numbers():
    cells = (cell("vanilla", VANILLA), cell("TSSD", TSSD))
    of = {"scale": "small", "seeds": [0, 1], "epoch": "best"}
    text = Table.of(
        plan(*cells, baseline="vanilla"), cells, Collected(RUNS, ()), **of
    ).to_markdown()
    assert text.splitlines()[0] == "| data | method | column | T | ours, % | n | gain, ours |"
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


def test_words_for_numbers():
    assert (spread(None, None), spread(1.005, None), spread(2, 0.125)) == (
        "-", "1.00", "2.00 ± 0.12",
    )  # fmt: skip
    assert (signed(None), signed(0.5), signed(-1)) == ("-", "+0.50", "-1.00")
