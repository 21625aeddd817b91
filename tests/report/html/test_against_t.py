import pytest
from scipy.stats import binomtest

from tssd.report.html.against_t import against_t, sampling
from tssd.report.html.sourced import Sourced

SHARES = Sourced([0.5, 0.625, None], "r.json#/a")


def draw(**options):
    return against_t("x", "A caption", "accuracy, %", {"a": SHARES, "b": SHARES}, 2, **options)


def test_error_bars_are_wilsons_interval_of_the_first_line(read):
    spoken = [text for _, text in read(draw(samples=8)).all("title") if " to " in text]
    wilson = [binomtest(right, 8).proportion_ci(0.95, method="wilson") for right in (4, 5)]
    assert [text.partition("(")[2] for text in spoken] == [
        f"{100 * low:.4g} to {100 * high:.4g})" for low, high in wilson
    ]
    none, whole = sampling([SHARES[2], Sourced(1.0, "r.json#")], 8)
    assert none is None
    low, _ = binomtest(8, 8).proportion_ci(0.95, method="wilson")
    assert whole == pytest.approx((100 * low, 100))


def test_the_ring_is_on_the_first_line_and_the_axis_can_begin_at_zero(read):
    page = read(draw(zero=True))
    assert len(page.all("circle")) == 1
    assert [text for a, text in page.all("text") if a.get("class") == "tick"][0] == "0"
    assert "Bars" not in page.text


def test_nothing_recorded_is_no_picture():
    assert against_t("x", "c", "y", {"a": Sourced(None, "r.json#/a")}, 1) is None
