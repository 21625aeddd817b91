import pytest
import torch
from torch import nn

from tssd.errors import DataError
from tssd.runs.weights import check_weights, read_weights, save_weights


def test_weights_come_back_bit_equal(tmp_path):
    net, other = nn.Linear(3, 2), nn.Linear(3, 2)
    save_weights(tmp_path / "w.safetensors", net)
    other.load_state_dict(read_weights(tmp_path / "w.safetensors"))
    assert torch.equal(net.weight, other.weight)
    assert torch.equal(net.bias, other.bias)


def test_tied_and_strided_weights_are_saved(tmp_path):
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net[1].weight = net[0].weight
    net[0].bias = nn.Parameter(torch.arange(6.0)[::2])
    save_weights(tmp_path / "w.safetensors", net)
    again = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    again.load_state_dict(read_weights(tmp_path / "w.safetensors"))
    assert torch.equal(again[1].weight, net[0].weight)
    assert again[0].bias.tolist() == [0, 2, 4]


@pytest.mark.parametrize("content", [None, b"", b"garbage", b"\x08" + bytes(30)])
def test_weights_that_cannot_be_read(tmp_path, content):
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"w\.safetensors: (no such file|damaged)"):
        read_weights(path)


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (nn.Linear(4, 2), r"weight has shape \[2, 4\], expected \[2, 3\]"),
        (nn.Linear(3, 2, bias=False), "bias is missing"),
        (
            nn.ParameterDict({**nn.Linear(3, 2).state_dict(), "z": torch.ones(1)}),
            "z is not part of",
        ),
    ],
)
def test_weights_of_another_network_name_the_first_mismatch(other, found):
    with pytest.raises(DataError, match=f"^a file: {found}.*; these weights belong to another"):
        check_weights("a file", nn.Linear(3, 2), other.state_dict())


def test_weights_of_another_kind_are_not_converted_silently():
    weights = {"weight": torch.ones(2, 3, dtype=torch.int8), "bias": torch.zeros(2)}
    with pytest.raises(DataError, match=r"weight is torch\.int8, expected torch\.float32"):
        check_weights("a file", nn.Linear(3, 2), weights)
    double = nn.Linear(3, 2).double().state_dict()
    check_weights("a file", nn.Linear(3, 2), double)
