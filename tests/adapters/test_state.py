import ast
from pathlib import Path

import torch
from torch import nn

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
