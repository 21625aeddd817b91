from dataclasses import replace

import pytest

from tssd.cli.tables import print_accuracy, print_comparison, print_evaluation
from tssd.evaluation import (
    EarlyExit,
    EnergyModel,
    Evaluation,
    ExitCosts,
    Operations,
    Reliability,
    Totals,
)
from tssd.evaluation.operations import total_operations
from tssd.report import Comparison, Row
from tssd.runs.results import Results
from tssd.runs.training_cost import TeacherCost


def cells(text, first):
    """The cells of the row that begins with `first`."""
    rows = [line.strip("│┃\n").split("│") for line in text.splitlines()]
    return next([c.strip() for c in row] for row in rows if row[0].strip() == first)


RESULTS = {
    "seed": 0,
    "split_hash": "a",
    "timesteps": {"student": 2, "teacher": 4},
    "selected": "best",
    "selected_because": "5000 validation samples",
    "best": {"epoch": 6, "accuracy": [0.5, 0.75], "samples": 40},
    "last": {"epoch": 9, "accuracy": [0.25, 1.0], "samples": 40},
}


@pytest.mark.parametrize("selected", ["best", "last"])
def test_accuracy_of_the_best_and_the_last_epoch(capsys, selected):
    print_accuracy(Results.of(RESULTS | {"selected": selected}), title="My run")
    out = capsys.readouterr().out
    assert "My run" in out
    assert cells(out, "best epoch on validation (epoch 7)")[1:] == ["50.00", "75.00"]
    assert cells(out, "last epoch (epoch 10)")[1:] == ["25.00", "100.00"]
    assert (out.index("best epoch") < out.index("last epoch")) == (selected == "best")
    assert "the first row counts: 5000 validation samples" in out
    assert "T=2*" in out
    assert "40 test samples" in out


def test_what_training_took_is_told_as_far_as_it_is_known(capsys):
    cost = {"network_steps": 4, "operations": 3.1e14, "seconds": 312.4, "seconds_to": {}}
    levels = {"50": 12.2, "80": 99.6}
    print_accuracy(Results.of(RESULTS | {"training": cost | {"seconds_to": levels}}), title="x")
    told = capsys.readouterr().out.splitlines()[-2:]
    assert told == [
        "training: 3.1e+14 operations (multiply-accumulates x 2, forward x 3), 4 network steps a "
        "sample, 312 s without validation",
        "accuracy on validation samples: 50 % after 12 s, 80 % after 100 s of training",
    ]
    print_accuracy(Results.of(RESULTS | {"training": {"network_steps": 4}}), title="x")
    assert capsys.readouterr().out.splitlines()[-1] == "training: 4 network steps a sample"
    teacher = {"run": "runs/ann", "accuracy": 0.875, "network_steps": 1, "operations": 2e9}
    both = {"kd.teacher": teacher | {"seconds": 3.4, "answers": 7e8}, "x.teacher": {"run": "a"}}
    print_accuracy(Results.of(RESULTS | {"training": {"teachers": both}}), title="x")
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "teacher kd.teacher, runs/ann: 87.50 % on test samples; trained with 2e+09 operations, "
        "1 network steps a sample, 3 s; 7e+08 operations for its answers",
        "teacher x.teacher, a: nothing is recorded of its training",
    ]
    print_accuracy(Results.of(RESULTS), title="x")
    assert "training:" not in capsys.readouterr().out


def test_accuracy_is_shown_once_where_the_best_epoch_is_the_last(capsys):
    # As without validation samples, where no epoch is the best on them.
    print_accuracy(Results.of(RESULTS | {"best": RESULTS["last"]}), title="My run")
    out = capsys.readouterr().out
    assert cells(out, "last epoch (epoch 10)")[1:] == ["25.00", "100.00"]
    assert "validation" not in out


def test_a_comparison_says_what_teachers_took(capsys):
    costs = tuple(TeacherCost("runs/ann", 0.9, 1, n * 1e9, n * 2.0, 5e8) for n in (1, 3))
    rows = (
        Row("kd", 1, (0, 1), ((90.0,), (94.0,)), teacher=1, taught=costs),
        Row("vanilla", 1, (0,), ((80.0,),), teacher=1),
    )
    print_comparison(Comparison(rows, timesteps=(1,), split_hash="abc", samples=400))
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("teachers")]
    took = "2e+09 operations, 1 network steps a sample, 4 s, 5e+08 for answers"
    assert told == [f"teachers of kd, besides: {took}"]


def test_a_comparison_marks_what_a_method_is_meant_for(capsys):
    rows = (Row("tssd", 2, (0, 3), ((80.0, 90.0), (82.0, 94.0))), Row("other", 1, (0,), ((1, 2),)))
    print_comparison(Comparison(rows, timesteps=(1, 2), split_hash="abc", samples=400))
    out = capsys.readouterr().out
    assert cells(out, "tssd")[2:] == ["81.00 ± 1.41", "92.00 ± 2.83*"]
    assert cells(out, "other")[2:] == ["1.00*", "2.00"]
    assert "mean ± std over seeds 0, 3" in out
    assert "400 test samples, split abc" in out


def test_a_comparison_says_what_training_costs_and_on_which_processors(capsys):
    rows = (
        Row("vanilla", 1, (0,), ((80.0,),), teacher=1),
        Row("vanilla, recalibrated", 1, (0,), ((80.0,),), teacher=1, of="vanilla"),
        Row("tssd", 1, (0,), ((80.0,),), teacher=4),
        Row("control", 1, (0,), ((80.0,),), teacher=4),
        Row("old", 1, (0,), ((80.0,),)),
    )
    several = Comparison(rows, (1,), "abc", 400, processors={"A": 2, "B": 2})
    print_comparison(several)
    out = capsys.readouterr().out
    assert "network steps a training sample: 1 (vanilla), 4 (tssd, control)\n" in out
    assert "The runs come from different processors (2 of A; 2 of B)" in out
    print_comparison(Comparison(rows[-1:], (1,), "abc", 400, processors={"A": 2}))
    out = capsys.readouterr().out
    assert "network steps" not in out
    assert "processors" not in out


@pytest.fixture
def evaluation():
    return Evaluation(
        timesteps=2,
        report_at=2,
        samples=40,
        accuracy=(0.5, 0.75),
        nll=(1.25, 0.5),
        calibration_error=(0.1, 0.05),
        reliability=Reliability((40,), (0.8,), (0.75,)),
        confusion=((1, 0), (0, 1)),
        firing_rates={"stages.0": (0.1, 0.2)},
        mean_firing_rate=(0.05, 0.1),
        operations=None,
        uncounted=("odd.conv",),
        early_exit={"1": EarlyExit((0.5, 0.9), accuracy=(0.6, 0.7), leaving=(0.8, 0.25))},
    )


def test_an_evaluation_without_costs(evaluation, capsys):
    print_evaluation(
        replace(evaluation, firing_rates=None, early_exit={}, uncounted=()), title="run"
    )
    out = capsys.readouterr().out
    assert "run: 40 test samples" in out
    assert cells(out, "1")[1:4] == ["50.00", "1.250", "10.00"]
    assert cells(out, "2")[1:4] == ["75.00", "0.500", "5.00"]
    assert "spikes per neuron" not in out
    assert "early exit" not in out
    assert "not counted" not in out


def test_a_network_without_neurons_is_not_called_silent(evaluation, capsys):
    print_evaluation(replace(evaluation, firing_rates={}, mean_firing_rate=None), title="run")
    out = capsys.readouterr().out
    assert "no spikes counted: the network has no neurons, or none of a kind that tssd knows" in out
    assert "spikes per neuron" not in out


def test_an_evaluation_with_costs(evaluation, capsys):
    operations = Operations(
        layers={},
        macs=(1.5e6, 1.5e6),
        acs=(0.0, 2.5e9),
        graded_acs=(0.0, 1e9),
        graded_share=(0.0, 0.4),
        energy_uj=(6.9, 2256.9),
        energy_graded_as_macs_uj=(6.9, 5957.0),
        unpadded=Totals((1e6,) * 2, (0.0, 2e9), (0.0, 1e9), (4.6, 1805.0), (4.6, 5505.0)),
        energy_model=EnergyModel(),
        uncounted=(),
        rule="what counts",
    )
    print_evaluation(replace(evaluation, operations=operations), title="run")
    out = capsys.readouterr().out
    assert cells(out, "1")[4:] == ["1.5 M", "0", "0.0", "6.9", "6.9"]
    assert cells(out, "2")[4:] == ["1.5 M", "2.5 G", "40.0", "2257", "5957"]
    assert "4.6 pJ a MAC" in out
    assert "zero padding: 1805 µJ at T=2, 5505 graded as MACs" in out
    assert "not counted: odd.conv" in out
    assert cells(out, "stages.0")[1:] == ["0.100", "0.200"]
    assert cells(out, "all neurons")[1:] == ["0.050", "0.100"]
    assert "early exit at tap 1, T=2" in out
    assert cells(out, "0.9")[1:] == ["70.00", "25.0"]
    assert "for the exit" not in out


def test_a_network_whose_layers_are_all_uncounted_has_no_costs(evaluation, capsys):
    nothing = total_operations({}, ("net",), EnergyModel())
    print_evaluation(replace(evaluation, operations=nothing, uncounted=("net",)), title="run")
    out = capsys.readouterr().out
    assert cells(out, "2")[1:4] == ["75.00", "0.500", "5.00"]
    assert "energy" not in out
    assert "no operations counted: the network has no layers, or none that tssd counts" in out
    assert "not counted: net" in out
    assert "early exit at tap 1" in out


def test_what_rounds_to_a_thousand_of_a_unit_is_one_of_the_next(evaluation, capsys):
    counts = (999_600.0, 999_400.0)
    operations = Operations(
        layers={},
        macs=counts,
        acs=counts,
        graded_share=(0.0,) * 2,
        energy_uj=(1.0,) * 2,
        energy_graded_as_macs_uj=(1.0,) * 2,
        unpadded=Totals(energy_uj=(1.0,) * 2, energy_graded_as_macs_uj=(1.0,) * 2),
        energy_model=EnergyModel(),
        rule="what counts",
    )
    print_evaluation(replace(evaluation, operations=operations), title="run")
    out = capsys.readouterr().out
    assert cells(out, "1")[4:6] == ["1 M"] * 2
    assert cells(out, "2")[4:6] == ["999 k"] * 2


def test_what_an_early_exit_saves(evaluation, capsys):
    costs = ExitCosts((1.0,) * 2, (2.0,) * 2, (3.5, 7.25), (4.5, 8.0), (0.5, -0.125), 0.75)
    curve = replace(evaluation.early_exit["1"], costs=costs)
    print_evaluation(replace(evaluation, early_exit={"1": curve}), title="run")
    out = capsys.readouterr().out
    assert cells(out, "0.5")[1:] == ["60.00", "80.0", "3.5", "4.5", "50.0"]
    assert cells(out, "0.9")[1:] == ["70.00", "25.0", "7.25", "8", "-12.5"]
    assert "with 0.75 µJ for the exit" in out


EVIL = "[/bold] [cat] :cat: \x1b[2J"


def test_names_are_no_markup(evaluation, capsys):
    shown = "[/bold] [cat] :cat: \\x1b[2J"
    rows = (Row(EVIL, 1, (0,), ((80.0,),), label="[red]x"),)
    print_comparison(Comparison(rows, timesteps=(1,), split_hash="abc", samples=400))
    out = capsys.readouterr().out
    assert cells(out, shown)[1:] == ["[red]x", "80.00*"]
    assert "\x1b[2J" not in out
    odd = replace(evaluation, firing_rates={EVIL: (0.1, 0.2)}, uncounted=(EVIL,))
    odd = replace(odd, early_exit={EVIL: evaluation.early_exit["1"]})
    print_evaluation(odd, title=EVIL)
    out = capsys.readouterr().out
    assert cells(out, shown)[1:] == ["0.100", "0.200"]
    assert out.count(shown) == 4
    last = {"epoch": 9, "accuracy": [0.5]}
    whole = {"seed": 0, "timesteps": {"student": 1}, "split_hash": "a", "last": last}
    print_accuracy(Results.of(whole | {"best": last | {"samples": 40}}), title=EVIL)
    assert shown in capsys.readouterr().out


@pytest.mark.parametrize(("width", "says"), [(80, True), (60, False), (40, False)])
def test_a_narrow_comparison_keeps_its_numbers_and_its_names_whole(
    capsys, monkeypatch, width, says
):
    monkeypatch.setenv("COLUMNS", str(width))
    names = ("digits/vanilla_ts", "other/vanilla_tt")
    rows = [Row(n, 1, (0, 1), ((70.0,), (75.0,)), 1, "vanilla, trained at T = 1") for n in names]
    print_comparison(Comparison(tuple(rows), timesteps=(1,), split_hash="a", samples=400))
    table = capsys.readouterr().out.partition("* the timesteps")[0]
    assert ("trained as" in table) == says
    assert table.count("72.50 ± 3.54*") == 2
    # The first column alone, its lines put together.
    first = "".join(line.split("│")[1].strip() for line in table.splitlines() if "│" in line)
    assert first == "".join(names)


def test_what_all_names_share_stands_above_them_once(capsys):
    rows = [Row(f"digits+vgg9+{n}", 1, (0,), ((70.0,),), 1) for n in ("tssd", "vanilla_ts")]
    print_comparison(Comparison(tuple(rows), timesteps=(1,), split_hash="a", samples=400))
    out = capsys.readouterr().out
    assert out.startswith("digits+vgg9 ")
    assert cells(out, "vanilla_ts")[-1] == "70.00*"
