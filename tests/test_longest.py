import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.longest import build_for, longest, rows


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.longest = None
        self.scale = nn.Parameter(torch.ones(1))

    def build_for(self, timesteps):
        self.longest = timesteps
        self.scale = nn.Parameter(self.scale.new_ones(timesteps))


def test_every_part_is_built_and_says_how_long_it_runs():
    net = nn.Sequential(Scaled(), nn.Sequential(nn.Linear(2, 2), Scaled()))
    assert longest(net) is None
    build_for(net, 4)
    assert [len(p) for name, p in net.named_parameters() if "scale" in name] == [4, 4]
    assert longest(net) == 4
    net[0].build_for(3)
    assert longest(net) == 3


def test_a_network_without_such_parts_runs_for_any_time():
    net = nn.Linear(2, 2)
    build_for(net, 4)
    assert longest(net) is None


def test_what_is_built_already_keeps_its_parameters():
    net = Scaled()
    build_for(net, 4)
    trained = net.scale
    build_for(net, 4)
    assert net.scale is trained
    build_for(net, 5)
    assert len(net.scale) == 5


@pytest.mark.parametrize("timesteps", [0, -1, 1.5])
def test_a_time_below_one_step_is_refused(timesteps):
    with pytest.raises(UsageError, match=f"^timesteps: got {timesteps}, expected"):
        build_for(Scaled(), timesteps)


def test_a_run_takes_the_rows_of_its_own_timesteps_and_none_beyond():
    parameter = torch.arange(8.0).view(4, 2)
    assert torch.equal(rows(parameter, 0, 2, longest=4), parameter[:2])
    assert torch.equal(rows(parameter, 3, 1, longest=4), parameter[3:])
    with pytest.raises(UsageError, match="^timesteps: got 5, but the network was built for 4: "):
        rows(parameter, 2, 3, longest=4)


def test_one_row_stands_for_all_timesteps_until_the_part_is_built():
    row = torch.tensor([[1.0, 2.0]])
    assert torch.equal(rows(row, 7, 3, longest=None), row.repeat(3, 1))
    with pytest.raises(UsageError, match="built for 1"):
        rows(row, 0, 2, longest=1)
