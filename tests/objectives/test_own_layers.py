import torch
from torch import nn

from tssd.models import mlp
from tssd.objectives.own_layers import applied, as_taken, where_the_weights_are


def test_layers_follow_the_weights_of_a_network_that_has_some():
    net = mlp(in_channels=3, num_classes=2, image_size=1, width=1 / 32).double()
    assert where_the_weights_are(nn.Linear(2, 2), net).weight.dtype == torch.float64


def test_features_are_of_the_type_that_layers_take_unless_autocast_sees_to_it():
    half, layer = torch.ones(1, 2, dtype=torch.bfloat16), nn.Linear(2, 1)
    assert as_taken(half, layer).dtype == torch.float32
    assert as_taken(half, nn.Identity()).dtype == torch.bfloat16
    assert as_taken(half.to("meta"), layer).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert as_taken(half, layer).dtype == torch.bfloat16
        assert layer(half).dtype == torch.bfloat16
        assert applied(layer, half).dtype == torch.float32
    torch.testing.assert_close(applied(layer, half), layer(half.float()))
