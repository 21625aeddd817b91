import pytest
import torch

from tssd.neurons import LIF
from tssd.testing import check_neuron, check_surrogate


@pytest.fixture
def kind(part):
    return part("annealed_window").AnnealedWindow


def test_it_keeps_the_contract(kind):
    check_surrogate(kind)
    check_neuron(lambda: LIF(surrogate=kind(1.5, 1.0)))


def test_the_window_narrows_by_the_same_factor_every_epoch(kind):
    surrogate = kind(2.0, 0.5)
    widths = [surrogate.set_progress(epoch, 4)["width"] for epoch in range(5)]
    assert widths == pytest.approx([2, 2**0.5, 1, 2**-0.5, 0.5])
    assert surrogate.derivative(torch.tensor([0.2, 0.3])).tolist() == [2, 0]


def test_every_neuron_of_a_network_is_told(train):
    parts, told = train("annealed_window", epochs=2)
    widths = {m.surrogate.window.width for m in parts.net.modules() if isinstance(m, LIF)}
    (last,) = widths  # that of the last step, before the end
    assert 0.5 < last < 1.5
    columns = [name for name in told[0] if name.endswith("surrogate.width")]
    assert len(columns) >= 8
    assert [float(row[columns[0]]) for row in told] == pytest.approx([2, 1])
