import csv
import json

import pytest

from tssd.reproduce.risk_of_run import LearnedRisk
from tssd.reproduce.theory import Measured, Mixture
from tssd.reproduce.theory_report import (
    overlap_rows,
    plot_theory,
    teacher_rows,
    theory_csv,
    theory_dict,
    theory_markdown,
)

MEASURED = [Measured("mixture", 10, 0.4, 0.1, 0.5, 0.125)]
LEARNED = [LearnedRisk("digits", 0, 359, 0.5, 0.7, 2.0, 0.5)]


def test_csv_has_the_mixture_and_networks_per_sample_size():
    rows = list(csv.DictReader(theory_csv(MEASURED, LEARNED).splitlines()))
    assert rows[0]["ratio"] == "0.25"
    assert rows[0]["exact distilled"] == "0.125"
    tenth = next(row for row in rows if row["setting"].startswith("digits, seed 0"))
    assert (float(tenth["variance empirical"]), tenth["samples N"]) == (2.0 / 10, "10")


def test_markdown_shows_the_bias():
    text = theory_markdown(MEASURED, LEARNED)
    assert "| 10 | 0.4 | 0.5 | 0.1 | 0.125 | 0.25 |" in text
    # (2 - 0.5) / 0.2^2 samples.
    assert "| digits | 0 | 359 | 2 | 0.5 | 0.25 | +0.200 | 37.5 |" in text
    assert "Trained networks" not in theory_markdown(MEASURED, [])


def test_the_distilled_variance_is_smaller_at_every_overlap():
    rows = overlap_rows()
    assert all(row["distilled"] < row["empirical"] for row in rows)
    # The nearer the classes, the larger the risk and the share that the labels' noise has in it.
    risks = [row["mean risk"] for row in rows]
    assert risks == sorted(risks, reverse=True)
    exact = Mixture(rows[0]["radius"]).exact()
    assert rows[0]["ratio"] == pytest.approx(exact.distilled / exact.empirical)


def test_everything_is_in_the_dict_and_the_picture(tmp_path):
    found = theory_dict(MEASURED, LEARNED)
    assert (found["mixture"][0]["ratio"], found["learned"][0]["ratio"]) == (0.25, 0.25)
    assert found["learned"][0]["better_below"] == pytest.approx(37.5)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    plot_theory(MEASURED, LEARNED, tmp_path / "v")
    assert (tmp_path / "v.png").exists()


def test_the_better_the_teacher_the_more_samples_it_is_worth():
    rows = {row["teacher"]: row for row in teacher_rows()}
    assert (rows[1.0]["bias"], rows[1.0]["N"]) == (0, None)
    assert rows[0.5]["N"] < rows[0.7]["N"] < rows[0.9]["N"]
    assert rows[1.1]["N"] > rows[1.5]["N"] > rows[2.0]["N"]
    assert "| 1 | 0.359 | 0.101 | +0.000 | any |" in theory_markdown(MEASURED, [])
