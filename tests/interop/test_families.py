import random

import pytest

from tssd.errors import UsageError
from tssd.interop.families import in_order

BLOCK = "layer1.0.{}".format


def shuffled(names):
    return random.Random(0).sample(names, len(names))


@pytest.mark.parametrize(
    "expected",
    [
        ["features.0", "features.1", "features.3", "features.10", "classifier.0", "classifier.3"],
        ["conv_fc.0", "conv_fc.2", "conv_fc.4", "conv_fc.13"],
        ["conv1", "bn1", "layer1.0.conv1", "layer1.0.bn1", "layer1.1.conv1", "layer2.0.conv1",
         "layer4.0.conv1", "fc"],
        # Without trained neurons both kinds of ResNet have these names.
        [*map(BLOCK, ("conv1", "bn1", "conv2", "bn2", "downsample.0", "downsample.1"))],
        # A neuron behind the addition comes after both branches,
        [*map(BLOCK, ("conv1", "bn1", "sn1", "conv2", "bn2", "downsample.0", "sn2"))],
        # and one in front of it at the end of its own.
        [*map(BLOCK, ("conv1", "sn1", "conv2", "bn2", "sn2", "downsample.0", "downsample_sn"))],
    ],
)  # fmt: skip
def test_names_are_put_in_the_order_of_the_network_here(expected):
    assert in_order(shuffled(expected)) == expected


def test_a_network_that_is_not_known_is_refused_with_the_name_that_says_so():
    with pytest.raises(
        UsageError,
        match=r"^weights: 'layer1\.0\.conv3' is the name of no layer of SpikingJelly's "
        r"spiking_vgg, parametric_lif_net, spiking_resnet, sew_resnet, ms_resnet, spikformer, "
        r"spike_driven_transformer; tssd\.adapt trains",
    ):
        in_order(["conv1", "layer1.0.conv1", "layer1.0.conv3", "fc"])
