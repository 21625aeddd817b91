import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.evaluation import evaluate, recalibrated
from tssd.evaluation.device import device_of_batches
from tssd.models import vgg9


def test_batches_go_where_the_network_is():
    on_meta = nn.Linear(2, 2, device="meta")
    assert device_of_batches(on_meta, None) == torch.device("meta")
    assert device_of_batches(on_meta, "meta") == torch.device("meta")
    assert device_of_batches(nn.Identity(), None) == torch.device("cpu")
    assert device_of_batches(nn.Identity(), "meta") == torch.device("meta")


@pytest.mark.parametrize(
    ("device", "told"),
    [
        ("nope", r"^device: got 'nope', and torch says: Expected one of cpu, cuda, .*"),
        (1.5, r"^device: got 1.5, and torch says: .*"),
        ("meta", r"^device: got 'meta', but the network is on cpu; move it there .*"),
    ],
)
def test_a_device_that_cannot_be_is_told_in_one_line(device, told):
    net = vgg9(num_classes=2, image_size=16, width=1 / 16)
    with pytest.raises(UsageError, match=told + "$"):
        evaluate(net, [(torch.rand(2, 3, 16, 16), torch.tensor([0, 1]))], 1, device=device)
    with pytest.raises(UsageError, match=told + "$"):
        recalibrated(net, torch.rand(2, 3, 16, 16), 1, device=device)
