import pytest
import torch
from torch import nn

from tssd.adapters.untouched import Buffers, check_kind, own_statistics, untouched
from tssd.errors import UsageError


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(2)
        self.calls = 7
        self.scale = 0.5
        self.membrane: object = 0.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.scale = 2.0
        self.membrane = x
        return self.norm(x)


def test_buffers_modes_and_numbers_are_as_before_even_if_it_fails():
    net = Counting()
    net.norm.eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    for error in (None, ValueError):
        try:
            with untouched(net):
                net.train()
                net(torch.rand(4, 2))
                assert net.calls == 8
                if error is not None:
                    raise error
        except ValueError:
            pass
        assert (net.calls, net.scale, net.training, net.norm.training) == (7, 0.5, True, False)
        assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())


def test_batch_norms_take_over_what_they_see():
    net, x = nn.BatchNorm1d(2, momentum=None), torch.rand(5, 2)
    with own_statistics(net):
        net(torch.zeros(5, 2))
        net(x)
    torch.testing.assert_close(net.running_mean, x.mean(0))
    assert net.momentum is None


def test_only_torchs_own_layers_are_put_back_between_runs():
    net = nn.Sequential(nn.BatchNorm1d(2))
    net.register_buffer("seen", torch.zeros(1))
    wrapper = type("Net", (nn.Module,), {})()
    wrapper.inner = net[0]
    wrapper.register_buffer("seen", torch.zeros(1))
    buffers = Buffers(wrapper)
    wrapper.seen += 1
    wrapper.inner(torch.rand(3, 2))
    buffers.restore(torchs_own=True)
    assert wrapper.seen == 1
    assert wrapper.inner.running_mean.sum() == 0


@pytest.mark.parametrize("value", [1, 0.5, True])
def test_numbers_that_a_run_adds_stay(value):
    net = nn.Linear(2, 2)
    with untouched(net):
        net.added = value
    assert net.added == value


def test_lazy_layers_keep_the_sizes_that_they_learn():
    net = nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d())
    with untouched(net):
        net(torch.rand(4, 2))
    assert (net[0].in_features, net[1].num_features) == (2, 3)


def test_what_can_not_be_watched_or_trained_is_refused():
    check_kind(nn.Sequential(nn.Linear(2, 2), nn.LazyLinear(2)))
    with torch.inference_mode():
        made = nn.Linear(2, 2)
    with pytest.raises(UsageError, match=r"^module: 0\.weight was made in torch.inference_mode"):
        check_kind(nn.Sequential(made))


def test_weights_without_numbers_are_refused():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2, device="meta"))
    with pytest.raises(UsageError, match=r"^module: 1\.weight is on the meta device .*assign=True"):
        check_kind(net)


def test_exported_programs_are_refused_and_networks_of_fx_are_not():
    net, x = nn.Sequential(nn.Linear(2, 2)), torch.rand(1, 2)
    check_kind(torch.fx.symbolic_trace(net))
    with pytest.raises(UsageError, match="^module: it is an exported program, which can't be tr"):
        check_kind(torch.export.export(net, (x,)).module())


@pytest.mark.filterwarnings("ignore:.*torch.jit.*")
def test_scripted_parts_are_refused():
    with pytest.raises(UsageError, match="^module: 1 is a scripted module"):
        check_kind(nn.Sequential(nn.ReLU(), torch.jit.script(nn.ReLU())))


def test_a_network_whose_first_axis_is_shared_out_among_devices_is_refused():
    parallel = nn.DataParallel(nn.Linear(2, 2))
    check_kind(parallel)  # on one device it is the network inside
    parallel.device_ids = [0, 1]
    with pytest.raises(UsageError, match=r"DataParallel over 2 devices.*timesteps.*its \.module"):
        check_kind(parallel)
