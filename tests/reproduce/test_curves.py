import csv
from functools import partial

import pytest

from tssd.errors import DataError
from tssd.reproduce.counted import Collected
from tssd.reproduce.curves import epoch_curves, exit_curves, stage_rates, timestep_curves
from tssd.reproduce.series import series_csv
from tssd.runs.results import Results

from .fabricated import TSSD, VANILLA, cell, content, results

CELL = cell("TSSD", TSSD, at=2)
RATES = {"stages.0.0.2": [0.1, 0.2], "stages.0.1.2": [0.3, 0.4], "stages.1.2.0": [0.5, 0.6]}
EXIT = {"1": {"thresholds": [0.0, 1.0], "accuracy": [0.5, 0.75], "leaving": [1.0, 0.0]}}


def folder(path, text):
    path.mkdir()
    (path / "metrics.csv").write_text(text)
    return path


def test_epochs_as_far_as_all_seeds_have_come(tmp_path):
    one = folder(tmp_path / "a", "epoch,val/accuracy\n0,0.5\n1,0.75\n2,0.9\n")
    two = folder(tmp_path / "b", "epoch,val/accuracy\n0,0.25\n1,0.5\n")
    (found,) = epoch_curves([(CELL, [({}, one), ({}, two)])])
    assert (found.x, found.runs) == ((1.0, 2.0), ((50.0, 25.0), (75.0, 50.0)))
    assert found.name == "TSSD, T = 2"
    without = folder(tmp_path / "c", "epoch,lr\n0,0.1\n")
    assert epoch_curves([(CELL, [({}, without)]), (CELL, [])]) == []


def test_stages_are_means_of_their_layers_at_the_cell_s_t(tmp_path):
    run = results(0, [0.5, 0.5], best={"firing_rates": RATES})
    (found,) = stage_rates([(CELL, [(run, tmp_path)])], "best")
    assert found.x == (0.0, 1.0)
    assert [values[0] for values in found.runs] == [pytest.approx(0.3), pytest.approx(0.6)]
    # A network without stages, or without rates.
    for rates in ({"layer.0": [0.1, 0.1]}, None):
        run = results(0, [0.5, 0.5], best={"firing_rates": rates})
        assert stage_rates([(CELL, [(run, tmp_path)])], "best") == []
    assert stage_rates([(CELL, [])], "best") == []


def test_details_are_those_of_the_epoch_that_counts(tmp_path):
    half = [0.5, 0.5]
    whole = {"accuracy": half, "samples": 10, "firing_rates": RATES, "early_exit": EXIT}
    own = [(CELL, [(Results.of(content(0, half) | {"last": whole}), tmp_path)])]
    assert (stage_rates(own, "best"), exit_curves(own, "best")) == ([], [])
    assert (len(stage_rates(own, "last")), len(exit_curves(own, "last"))) == (1, 1)
    old = [(CELL, [(results(0, half), tmp_path)])]
    for read in (stage_rates, exit_curves):
        with pytest.raises(DataError, match=r"no more than the accuracy of the last epoch; give"):
            read(old, "last")


def test_every_exit_has_its_table(tmp_path):
    runs = [(results(s, [0.5, 0.5], best={"early_exit": EXIT}), tmp_path) for s in (0, 1)]
    (found,) = exit_curves([(CELL, runs)], "best")
    assert found.x == (100.0, 0.0)
    assert found.runs == ((50.0, 50.0), (75.0, 75.0))
    assert found.labels == ("0", "1")
    none = results(0, [0.5, 0.5], best={"early_exit": {}})
    assert exit_curves([(CELL, [(none, tmp_path)]), (CELL, [])], "best") == []


def test_epochs_without_a_number_are_left_out_and_a_lost_file_is_named(tmp_path):
    gap = folder(tmp_path / "a", "epoch,val/accuracy\n0,0.5\n1,\n2,0.75\n3,1\n")
    (found,) = epoch_curves([(CELL, [({}, gap)])])
    assert (found.x, found.runs) == ((1.0, 3.0, 4.0), ((50.0,), (75.0,), (100.0,)))
    # Of two seeds the epochs that both have, under their own numbers.
    other = folder(tmp_path / "c", "epoch,val/accuracy\n0,\n1,0.5\n2,nan\n3,0.25\n")
    (both,) = epoch_curves([(CELL, [({}, gap), ({}, other)])])
    assert (both.x, both.runs) == ((4.0,), ((100.0, 25.0),))
    (row,) = csv.DictReader(series_csv([both]).splitlines())
    assert row["epoch"] == "4"
    late = folder(tmp_path / "d", "epoch,val/accuracy\n0,\n1,0.5\n")
    assert epoch_curves([(CELL, [({}, gap), ({}, late)])]) == []
    with pytest.raises(DataError, match=r"b: metrics.csv is missing or empty"):
        epoch_curves([(CELL, [({}, tmp_path / "b")])])


def test_a_network_has_one_curve_over_t_however_many_cells_read_it(tmp_path):
    two = {"student": 2, "teacher": 2}
    vanilla = results(0, [0.25, 0.5], last=[0.125, 0.375], timesteps=two)
    longer = results(1, [0.5, 0.75, 1.0], last=[0.0, 0.125, 0.25], timesteps=two)
    tssd = results(0, [0.5, 0.75, 1.0])
    cells = [cell("vanilla", VANILLA, at=t, column=f"net, T_s = {t}") for t in (1, 2)]
    own = [(vanilla, tmp_path), (longer, tmp_path)]
    finished = [(cells[0], own), (cells[1], own), (CELL, [(tssd, tmp_path)])]

    def read(epoch):
        collected = Collected({VANILLA: [vanilla, longer], TSSD: [tssd]}, [])
        return partial(collected.curves, scale="small", epoch=epoch)

    first, second = timestep_curves(finished, read("best"))
    assert (first.group, first.name) == ("d, net", "vanilla, trained at T = 2")
    # As far as all seeds go.
    assert (first.x, first.runs) == ((1.0, 2.0), ((25.0, 50.0), (50.0, 75.0)))
    assert (second.name, second.x) == ("TSSD, T_s = 1, T_t = 2", (1.0, 2.0, 3.0))
    assert timestep_curves(finished, read("last"))[0].runs == ((12.5, 0.0), (37.5, 12.5))
    nothing = Collected({}, [])
    assert timestep_curves(finished, partial(nothing.curves, scale="small", epoch="best")) == []
