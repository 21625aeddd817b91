import pytest

from tssd.report.html.against_t import against_t, sampling
from tssd.report.html.sourced import Sourced

SHARES = Sourced([0.5, 0.625, None], "r.json#/a")


def draw(**options):
    return against_t("x", "A caption", "accuracy, %", {"a": SHARES, "b": SHARES}, 2, **options)


def test_error_bars_are_the_binomial_interval_of_the_first_line(read):
    spoken = [text for _, text in read(draw(samples=8)).all("title") if "±" in text]
    # 196 sqrt(p (1 - p) / 8) at p = 0.5, 0.625
    assert [text.rpartition("± ")[2] for text in spoken] == ["34.65", "33.55"]
    assert sampling([SHARES[0], SHARES[2]], 8) == [pytest.approx(34.648, abs=1e-3), None]


def test_the_ring_is_on_the_first_line_and_the_axis_can_begin_at_zero(read):
    page = read(draw(zero=True))
    assert len(page.all("circle")) == 1
    assert [text for a, text in page.all("text") if a.get("class") == "tick"][0] == "0"
    assert "Bars" not in page.text


def test_nothing_recorded_is_no_picture():
    assert against_t("x", "c", "y", {"a": Sourced(None, "r.json#/a")}, 1) is None
