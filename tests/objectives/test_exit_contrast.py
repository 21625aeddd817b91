import math

import pytest
import torch
import torch.nn.functional as F

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import ExitContrast, Timesteps

NET = vgg9(width=1 / 64)
TARGET = torch.tensor([0, 1])
# Directions of two samples at T = 1; the second timestep of the network turns them round.
END = torch.tensor([[[1.0, 0], [0, 1]], [[-1.0, 2], [2, -1]]])
EARLY = torch.tensor([[[3.0, 0], [0, 0.5]], [[3.0, 0], [0, 0.5]]])


def term(steps=(1, 2), **options):
    return ExitContrast(**options).connect(NET, Timesteps(*steps))


def test_two_samples_by_hand():
    out = NetOutput(END, exits={1: EARLY})
    alike = math.log((math.e + 1) / 2) - 1
    assert term(temperature=1.0)(out, TARGET).item() == pytest.approx(alike)
    # The means of both timesteps are (0, 1) and (1, 0): each exit has the other's direction.
    turned = math.log((math.e + 1) / 2)
    assert term(temperature=1.0, span="teacher")(out, TARGET).item() == pytest.approx(turned)
    two = NetOutput(END[:1], exits={0: EARLY[:1], 1: END[:1].flip(1)})
    value = term((1, 1), temperature=1.0)(two, TARGET).item()
    assert value == pytest.approx((alike + turned) / 2)


def test_the_exit_finds_its_sample_among_those_of_the_network_and_not_the_other_way_round():
    end, early = torch.randn(2, 1, 4, 3, generator=torch.Generator().manual_seed(0))
    found = term((1, 1), temperature=0.5)(NetOutput(end, exits={0: early}), TARGET)
    cosines = torch.stack([F.cosine_similarity(own[None], end[0]) for own in early[0]])
    expected = F.cross_entropy(cosines / 0.5, torch.arange(4)) - math.log(4)
    torch.testing.assert_close(found, expected)


def test_the_exit_learns_and_the_network_does_not():
    end, early = (torch.randn(2, 4, 3).requires_grad_() for _ in range(2))
    term()(NetOutput(end, exits={0: early}), TARGET).backward()
    assert end.grad is None
    assert early.grad is not None and early.grad[0].any() and not early.grad[1].any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1}, "^temperature: got -1, expected a finite number > 0$"),
        ({"span": "both"}, "^span: got 'both', expected student or teacher$"),
    ],
)
def test_refused(options, message):
    with pytest.raises(UsageError, match=message):
        ExitContrast(**options)
