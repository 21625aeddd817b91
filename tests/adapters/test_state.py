import ast
from pathlib import Path

import pytest
import torch
from torch import nn

import tssd
from tssd.adapters import adapt, clear_state
from tssd.neurons.foreign import state_keepers

from .nets import Plain, images


def test_neither_library_is_imported():
    for file in Path(adapt.__code__.co_filename).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not {name.partition(".")[0] for name in names} & {"spikingjelly", "snntorch"}


def test_a_reset_of_a_class_that_we_do_not_know_is_left_alone():
    class Metric(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.seen = 5

        def reset(self) -> None:
            self.seen = 0

        reset_mem = reset

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    module = nn.Sequential(Metric(), Plain())
    assert list(state_keepers(module)) == []
    clear_state(module)
    adapt(module, example=images(4))
    assert module[0].seen == 5


def test_a_batch_taken_for_time_is_refused_where_nothing_fires():
    silent = nn.Sequential(tssd.LIF(v_threshold=1e6), tssd.TimeFold(nn.Flatten(), nn.Linear(64, 3)))
    with pytest.raises(tssd.UsageError, match=r"0 \(LIF\) was given \[3, 4, 1.*'time_first'"):
        adapt(silent, example=images(4), layout="batch_first")


class TurnedInside(nn.Module):
    """[N, T, ...] -> [N, T, K], whose neurons are given [T, N, ...]."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Plain()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x.transpose(0, 1)).transpose(0, 1)


def test_a_network_that_takes_the_batch_in_front_is_told_its_layout():
    with pytest.raises(tssd.UsageError, match=r"the batch for time; .*'batch_first' if it takes"):
        adapt(TurnedInside(), example=images(4))
    adapt(TurnedInside(), example=images(4), layout="batch_first")
