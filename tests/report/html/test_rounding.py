import pytest

from tssd.report.html.rounding import (
    alike,
    digits,
    from_one,
    percent,
    plain,
    si,
    three,
    two,
    whole,
)


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (percent, 0.12345, "12.35"),
        (two, 1.005, "1.00"),
        (three, 0.18057, "0.181"),
        (whole, 1234567.0, "1,234,567"),
        (from_one, 19, "20"),
        (si, 12.0, "12"),
        (si, 55296.0, "55.3 k"),
        (si, 2.5e9, "2.5 G"),
        (si, 999_499, "999 k"),
        (si, 999_700, "1 M"),
        (si, -999.7, "-1 k"),
        (si, 999.6e6, "1 G"),
        (digits, 9999.4, "9999"),
        (digits, 9999.5, "10,000"),
        (digits, 12345.6, "12,346"),
        (digits, -9_999_999, "-9,999,999"),
        (digits, 3.1e14, "3.1e+14"),
        (plain, 20240601, "20240601"),
        (plain, 4294967295, "4294967295"),
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
        (digits, 12345.6, 1023.4, "12,346 ± 1,023"),
        (si, 999_700.0, 20_000.0, "0.9997 ± 0.0200 M"),
        (percent, 0.5, 0.01, "50.00 ± 1.00"),
    ],
)
def test_a_spread_is_written_like_its_mean(form, mean, spread, expected):
    same, unit = alike(mean, form)
    assert f"{same(mean)} ± {same(spread)}{unit}" == expected
