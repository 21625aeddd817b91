"""When a layer of neurons counts as silent, or as firing whatever its input is."""

# Shares of neurons and timesteps that spiked. Sound layers of the recipes lie between 0.01 and 0.7;
# below one spike in 10,000 a layer passes nothing on, and a layer of thousands of neurons that one
# sample in a batch sets off is no better than one that nothing does.
NEVER, ALWAYS = 1e-4, 0.999


def never_fires(rate: float) -> bool:
    """Whether a layer with this firing rate, 0 to 1, passes nothing on.

    >>> never_fires(0.0), never_fires(0.01)
    (True, False)
    """
    return rate < NEVER


def always_fires(rate: float) -> bool:
    """Whether a layer with this firing rate, 0 to 1, passes on the same whatever comes in.

    >>> always_fires(1.0), always_fires(0.9)
    (True, False)
    """
    return rate > ALWAYS
