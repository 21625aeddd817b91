"""Differences as people read them: with a sign, a minus as long as the plus."""


def signed(value: float, decimals: int = 2) -> str:
    """A difference; what rounds to nothing has a plus.

    >>> signed(-1.234), signed(-0.001)
    ('−1.23', '+0.00')
    """
    return f"{value:+z.{decimals}f}".replace("-", "−")


def signed_range(low: float, high: float, decimals: int = 2) -> str:
    """An interval of differences.

    >>> signed_range(-0.25, 1.5, 1)
    '−0.2 to +1.5'
    """
    return f"{signed(low, decimals)} to {signed(high, decimals)}"
