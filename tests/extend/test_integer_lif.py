import pytest
import torch

from tssd.testing import check_neuron


@pytest.fixture
def kind(part):
    return part("integer_lif").IntegerLIF


def test_it_keeps_the_contract(kind):
    check_neuron(kind)
    check_neuron(lambda: kind(2, decay=0.25))


def test_pencil_trace(kind):
    neuron = kind(3, decay=0.5).connect(2)
    neuron.log_threshold.data = torch.tensor([0.0, 2.0]).log1p()  # thresholds 1 and 3
    # H = 0.75, -0.125 + 2.75, -0.1875 + 6, 1.40625; then all of a channel with threshold 3:
    # H = 0.75, 0.375 + 2.75, 0.0625 + 6, 0.03125
    x = torch.tensor([0.75, 2.75, 6.0, 0.0]).view(4, 1, 1).expand(4, 1, 2)
    spikes, state = neuron.scan(x)
    assert spikes[:, 0].T.tolist() == [[1, 3, 3, 1], [0, 1, 2, 0]]
    torch.testing.assert_close(state.v, torch.tensor([[0.40625, 0.03125]]))


def test_a_network_trains_a_threshold_for_each_channel(train):
    parts, _ = train("integer_lif")
    thresholds = [p for n, p in parts.net.named_parameters() if n.endswith("log_threshold")]
    channels = [m.out_channels for m in parts.net.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [len(p) for p in thresholds] == channels
    assert all(p.any() for p in thresholds)
