"""That steps of parts are measured over the plain one, and what can't be built is told."""

import pytest
from benchmarks.parts import PLAIN, Step, measure, names, report, steps, table


def test_every_part_is_a_recipe_of_one_step():
    found = names()
    assert {"sltt", "tet", "mps", "mlf2"} <= set(found)
    assert not {"ann", "t8", "fast+tet"} & set(found)


@pytest.fixture(scope="module")
def made():
    told: list[str] = []
    found = steps(["sltt", "esd+tet"], "vanilla_tt", batch=2, width=0.0625, announce=told.append)
    measure(found, rounds=1)
    return found, told


def test_a_rule_that_goes_back_one_timestep_at_a_time_holds_less(made):
    found, _ = made
    # T = 4: a quarter, and the sequence itself.
    assert 0.2 < found["sltt"].held / found[PLAIN].held < 0.5


def test_a_part_that_does_not_go_with_the_recipe_is_told_and_left_out(made):
    found, told = made
    assert set(found) == {PLAIN, "sltt"}
    assert len(told) == 1 and "esd" in told[0] and "tet" in told[0]


def test_ratios_are_to_the_plain_step():
    def step(seconds, held):
        own = Step.__new__(Step)  # no network is needed to show numbers
        own.seconds, own.held = seconds, held
        return own

    plain = step([0.1, 0.3, 0.2], 2**20)
    shown = table({"vanilla_tt": {PLAIN: plain, "x": step([0.4, 0.3, 0.2], 2**19)}})
    assert shown.splitlines()[2:] == [
        "| plain | 200 ms |  | 1 MiB |",
        "| `x` | 1.50 | 1.00 to 4.00 | 0.50 |",
    ]


def test_a_part_missing_with_one_method_has_a_gap():
    plain = Step.__new__(Step)
    plain.seconds, plain.held = [0.1], 2**20
    shown = table({"a": {PLAIN: plain, "x": plain}, "b": {PLAIN: plain}})
    assert shown.splitlines()[-1].endswith("| - |  | - |")


def test_report_has_both_methods():
    assert "tssd: time" in report(
        rounds=1, batch=2, width=0.0625, announce=lambda _: None, only=["triangular"]
    )
