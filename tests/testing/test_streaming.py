"""What a block or network whose steps differ from its scan is told; those that pass: test_flow."""

import pytest
import torch
from torch import nn

from tssd.models import Block
from tssd.neurons import LIF
from tssd.testing.streaming import check_streaming
from tssd.time import TimeFold

X = torch.randn(4, 3, 5, dtype=torch.double, generator=torch.Generator().manual_seed(0)) * 2


class Pair(Block):
    def __init__(self):
        super().__init__()
        self.first, self.second = LIF(), LIF()

    def flow(self, run, x):
        return run(self.first, x) + run(self.second, 2 * x)


def test_a_block_passes():
    check_streaming("Pair", Pair().eval(), X)


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        (lambda self, run, x: run(self.first, x) + self.second(x), "timesteps, then the rest"),
        (lambda self, run, x: run(self.first, x - x.mean(0)), "timesteps, then the rest"),
        (lambda self, run, x: run(self.first, x).cumsum(0), "timesteps, then the rest"),
    ],
)
def test_a_flow_with_a_state_of_its_own_is_found(flow, message):
    block = type("Bad", (Pair,), {"flow": flow})().eval()
    with pytest.raises(AssertionError, match=f"^Bad: 1 {message}"):
        check_streaming("Bad", block, X)


def test_a_scan_that_is_not_the_call_is_found():
    class Other(Pair):
        def forward(self, x):
            return 0.5 * super().forward(x)

    with pytest.raises(AssertionError, match=r"^Other: scan\(x\) and a call: they differ"):
        check_streaming("Other", Other().eval(), X)


def test_statistics_that_steps_change_are_found():
    class Moving(nn.BatchNorm1d):
        def forward(self, x):
            self.num_batches_tracked += 1
            return super().forward(x)

    net = nn.Sequential(TimeFold(Moving(5).double()))
    block = Pair()
    block.first = net
    with pytest.raises(AssertionError, match="steps in eval mode changed .*num_batches_tracked"):
        check_streaming("Pair", block.eval(), X)
