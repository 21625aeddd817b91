"""Contract tests for parts of one's own, each in one line: `check_neuron(MyNeuron)`.

They are the tests that our own parts pass; docs/extend.md shows each with a part. What does not
hold is told by an AssertionError that names the part, what was found and what was expected.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tssd.testing.data_module import check_data_module
    from tssd.testing.network import check_network
    from tssd.testing.neuron import check_neuron
    from tssd.testing.norm import check_norm
    from tssd.testing.objective import check_objective
    from tssd.testing.surrogate import check_surrogate

__all__ = [
    "check_data_module",
    "check_network",
    "check_neuron",
    "check_norm",
    "check_objective",
    "check_surrogate",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tssd.testing' has no attribute {name!r}")
    module = import_module(f"tssd.testing.{name.removeprefix('check_')}")
    value = globals()[name] = getattr(module, name)
    return value
