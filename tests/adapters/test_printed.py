import torch
from torch import nn

import tssd
from tssd.adapters.printed import printed

from .nets import Plain, images


def net(tau=2.0, width=8):
    return nn.Sequential(tssd.TimeFold(nn.Linear(4, width)), tssd.LIF(tau=tau), nn.Linear(width, 3))


class Calls(nn.Module):
    def __init__(self):
        super().__init__()
        self.function = lambda x: x

    def extra_repr(self):
        return f"{self.function}"


def test_networks_that_print_shows_alike_have_one_hash():
    torch.manual_seed(0)
    one = net()
    assert printed(one) == printed(net()) and len(printed(one)) == 12
    assert printed(Calls()) == printed(Calls())


def test_constants_of_neurons_and_widths_are_in_it():
    assert len({printed(net()), printed(net(tau=8.0)), printed(net(width=6))}) == 3


def test_adapting_a_network_does_not_change_it():
    mine = Plain()
    assert printed(tssd.adapt(mine, ["stem"], example=images(4))) == printed(mine)
