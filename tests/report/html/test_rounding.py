import pytest

from tssd.report.html.rounding import (
    alike,
    digits,
    from_one,
    percent,
    si,
    signed,
    three,
    two,
    whole,
)


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (percent, 0.12345, "12.35"),
        (two, 1.005, "1.00"),
        (signed, 1.5, "+1.50"),
        (signed, -1.5, "−1.50"),
        (three, 0.18057, "0.181"),
        (whole, 1234567.0, "1,234,567"),
        (from_one, 19, "20"),
        (si, 12.0, "12"),
        (si, 55296.0, "55.3 k"),
        (si, 2.5e9, "2.5 G"),
    ],
)
def test_forms(form, value, expected):
    assert form(value) == expected


@pytest.mark.parametrize(
    ("form", "mean", "spread", "expected"),
    [
        (si, 522300.0, 1400.0, "522.3 ± 1.4 k"),
        (si, 0.0, 0.0, "0.000 ± 0.000"),
        (digits, 24.8213, 0.0512, "24.82 ± 0.05"),
        (digits, 0.00731, 0.0005, "0.007310 ± 0.000500"),
        (percent, 0.5, 0.01, "50.00 ± 1.00"),
    ],
)
def test_a_spread_is_written_like_its_mean(form, mean, spread, expected):
    same, unit = alike(mean, form)
    assert f"{same(mean)} ± {same(spread)}{unit}" == expected
