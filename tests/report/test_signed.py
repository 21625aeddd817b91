import pytest

from tssd.report.signed import signed, signed_range


@pytest.mark.parametrize(
    ("value", "shown"), [(1.5, "+1.50"), (-1.5, "−1.50"), (-0.001, "+0.00"), (0.0, "+0.00")]
)
def test_a_difference_has_a_sign_and_nothing_is_never_negative(value, shown):
    assert signed(value) == shown


def test_both_ends_of_an_interval_are_as_exact():
    assert signed_range(-1.26, 1.26) == "−1.26 to +1.26"
    assert signed_range(-1.26, 1.26, decimals=1) == "−1.3 to +1.3"
