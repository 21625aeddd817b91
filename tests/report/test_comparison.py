import csv
import json
import statistics

import pytest

from tssd.errors import DataError
from tssd.report import Comparison, Row
from tssd.runs.results import Results


def results(seed, *accuracy, student=2, split="abc", **said):
    """What `tssd train` writes into results.json, as far as a comparison reads it."""
    content = {
        "seed": seed,
        "timesteps": {"student": student, "teacher": 4},
        "split_hash": split,
        "best": {"accuracy": list(accuracy), "samples": 400},
        "last": {"accuracy": [0.0] * len(accuracy)},
    }
    return Results.of(content | said)


@pytest.fixture
def comparison():
    return Comparison.of(
        {
            "vanilla": [
                results(0, 0.5, 0.6, 0.7, student=3),
                results(1, 0.7, 0.62, 0.7, student=3),
            ],
            "tssd": [results(0, 0.8, 0.9, 0.91), results(1, 0.81, 0.94, 0.93)],
        }
    )


def test_mean_and_sample_standard_deviation_by_hand(comparison):
    vanilla, tssd = comparison.rows
    assert vanilla.mean(1) == pytest.approx(60)
    assert vanilla.std(1) == pytest.approx(200**0.5)  # (10^2 + 10^2) / (2 - 1)
    assert (vanilla.mean(3), vanilla.std(3)) == (pytest.approx(70), pytest.approx(0))
    assert tssd.mean(2) == pytest.approx(92)
    assert tssd.std(2) == pytest.approx(8**0.5)
    assert tssd.cell(2) == "92.00 ± 2.83"


def test_three_seeds_agree_with_the_textbook():
    runs = [results(seed, a) for seed, a in enumerate((0.91, 0.93, 0.98))]
    (row,) = Comparison.of({"m": runs}).rows
    assert row.mean(1) == pytest.approx(94)
    assert row.std(1) == pytest.approx(statistics.stdev([91, 93, 98]))
    assert row.seeds == (0, 1, 2)


def test_a_single_seed_has_no_spread():
    row = Row("m", student=1, seeds=(0,), accuracy=((50.0,),))
    assert (row.std(1), row.cell(1)) == (None, "50.00")


def test_the_facts_that_all_runs_share(comparison):
    assert (comparison.split_hash, comparison.samples) == ("abc", 400)
    assert comparison.timesteps == (1, 2, 3)
    assert [row.student for row in comparison.rows] == [3, 2]


def test_columns_are_those_that_are_asked_for_or_that_all_have():
    runs = {"short": [results(0, 0.1, 0.2)], "long": [results(0, 0.1, 0.2, 0.3, 0.4)]}
    assert Comparison.of(runs).timesteps == (1, 2)
    assert Comparison.of(runs, [2, 1]).timesteps == (2, 1)
    for wrong in (0, 3):
        with pytest.raises(DataError, match=f"T = {wrong} is wanted, the runs know T = 1 to 2"):
            Comparison.of(runs, [1, wrong])


def test_runs_on_different_images_are_refused_by_name():
    runs = {"a": [results(0, 0.1)], "b": [results(0, 0.1, split="xyz")]}
    with pytest.raises(DataError, match="different samples.* a: abc; b: xyz; train them with"):
        Comparison.of(runs)


def test_the_last_epoch_counts_if_it_is_asked_for():
    comparison = Comparison.of({"m": [results(0, 0.5)]}, epoch="last")
    assert comparison.rows[0].mean(1) == 0
    assert comparison.to_dict()["epoch"] == "last epoch"
    assert Comparison.of({"m": [results(0, 0.5)]}).to_dict()["epoch"].startswith("best epoch")


def test_markdown_is_bold_where_a_method_is_meant_for_that_t(comparison):
    assert comparison.to_markdown() == (
        "| method | T = 1 | T = 2 | T = 3 |\n"
        "| --- | ---: | ---: | ---: |\n"
        "| vanilla | 60.00 ± 14.14 | 61.00 ± 1.41 | **70.00 ± 0.00** |\n"
        "| tssd | 80.50 ± 0.71 | **92.00 ± 2.83** | 92.00 ± 1.41 |\n"
    )


def test_csv_reads_back_as_numbers(comparison):
    first, second = csv.DictReader(comparison.to_csv().splitlines())
    assert (first["method"], first["student timesteps"], first["seeds"]) == ("vanilla", "3", "2")
    assert first["network steps a sample"] == "4"
    assert float(second["T=2 mean"]) == pytest.approx(92)
    assert float(second["T=2 std"]) == pytest.approx(2.8284)
    hostile = Comparison.of({"=1+1": [results(0, 0.5)]}).to_csv()
    assert hostile.splitlines()[1].startswith("'=1+1,")
    single = Comparison.of({"m": [results(0, 0.5)]}).to_csv()
    assert single.endswith("m,2,4,1,50.0000,,\n")


def test_the_cost_of_training_and_the_processors_are_in_the_dict(comparison):
    found = comparison.to_dict()
    assert [row["network_steps"] for row in found["rows"]] == [4, 4]
    assert found["processors"] == {}
    old = [results(0, 0.5, timesteps={"student": 2})]
    other = Comparison.of({"m": old}, processors={"A": 1, "B": 2})
    assert other.to_dict()["processors"] == {"A": 1, "B": 2}
    assert other.to_dict()["rows"][0]["network_steps"] is None
    assert other.to_csv().endswith("m,2,,1,50.0000,,\n")


def test_what_teachers_took_is_in_the_dict_and_where_there_are_any_in_the_table(comparison):
    def taught(seed, operations):
        cost = {"run": "runs/ann", "network_steps": 1, "operations": operations, "answers": 4.0}
        return results(seed, 0.5, training={"teachers": {"kd.teacher": cost}})

    found = Comparison.of({"kd": [taught(0, 1.0), taught(1, 3.0)], "m": [results(0, 0.5)]})
    one, none = found.to_dict()["rows"]
    expected = {"network_steps": 1, "operations": 2.0, "seconds": None, "answers": 4.0}
    assert (one["teachers"], none["teachers"]) == (expected, None)
    first, second = csv.DictReader(found.to_csv().splitlines())
    assert (first["teachers: operations"], first["teachers: seconds"]) == ("2.0", "")
    assert second["teachers: network steps"] == ""
    assert "teachers" not in comparison.to_csv()
    # A method only some of whose runs say so says nothing.
    assert Comparison.of({"kd": [taught(0, 1.0), results(1, 0.5)]}).rows[0].of_teachers() is None


def test_recalibrated_runs_are_a_second_row():
    runs = {
        "vanilla": [results(0, 0.5, 0.6, student=2), results(1, 0.7, 0.6, student=2)],
        "tssd": [results(0, 0.8, 0.9), results(1, 0.8, 0.9)],
    }
    again = {"vanilla": [(0.75, 0.5, 0.25), (0.25, 0.5, 0.25)]}  # evaluated for longer
    found = Comparison.of(runs, [1, 2], recalibrated=again)
    assert [row.name for row in found.rows] == ["vanilla", "vanilla, recalibrated", "tssd"]
    row = found.rows[1]
    assert (row.of, row.seeds, row.student, row.mean(1)) == ("vanilla", (0, 1), 2, 50)
    assert row.accuracy == ((75.0, 50.0), (25.0, 50.0))
    assert "| vanilla, recalibrated | 50.00 ± 35.36 | **50.00 ± 0.00** |" in found.to_markdown()
    assert found.to_csv().splitlines()[2].startswith('"vanilla, recalibrated",2,4,2,50.0000,')
    assert [r["recalibrated"] for r in found.to_dict()["rows"]] == [False, True, False]


def test_dict_holds_every_run_and_is_json(comparison):
    found = json.loads(json.dumps(comparison.to_dict()))
    assert found["unit"] == "test accuracy, per cent"
    assert found["rows"][1]["seeds"] == [0, 1]
    at_two = found["rows"][1]["accuracy"]["2"]
    assert at_two["runs"] == pytest.approx([90, 94])
    assert at_two["mean"] == pytest.approx(92)


def test_descriptions_are_labels_without_what_all_say():
    runs = {
        name: [results(0, 0.5, description=f"digits, {words}")]
        for name, words in (("d/a", "TSSD | $x$"), ("d/b", "vanilla"))
    }
    comparison = Comparison.of(runs)
    assert comparison.labels == {"d/a": "TSSD | $x$ (a)", "d/b": "vanilla (b)"}
    assert "| TSSD \\| \\$x\\$ (d/a) |" in comparison.to_markdown()
    assert [row["description"] for row in comparison.to_dict()["rows"]] == ["TSSD | $x$", "vanilla"]
    assert comparison.to_csv().splitlines()[1].endswith(",TSSD | $x$")


def test_each_run_s_own_epoch_counts_unless_one_is_asked_for():
    last = results(0, 0.5, selected="last", selected_because="few")
    comparison = Comparison.of({"a": [last], "b": [results(0, 0.5)]})
    assert [row.mean(1) for row in comparison.rows] == [0, 50]
    assert comparison.weights == (
        "last epoch (few) (1 run), best epoch on the validation samples (1 run)"
    )
    assert [r.mean(1) for r in Comparison.of({"a": [last]}, epoch="best").rows] == [50]
