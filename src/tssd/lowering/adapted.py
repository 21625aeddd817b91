"""Networks of others, read by torch.fx."""

import operator
from typing import Any

import torch
from torch import fx, nn

from tssd.adapters.net import AdaptedNet
from tssd.errors import UsageError
from tssd.lowering.draft import Draft
from tssd.lowering.layers import check_call, known_layer
from tssd.lowering.neurons import known_neuron
from tssd.lowering.reader import Reader
from tssd.lowering.traced import REMEDY, Traced
from tssd.models.flow import Block
from tssd.neurons import Neuron
from tssd.neurons.foreign import forward_is_foreign
from tssd.reading import one_line
from tssd.time import PerStep, TimeFold

# Layouts in which an operation means the same for each timestep, and how many axes stand in front
# of a sample's.
LEADS = {"time_first": 2, "stepped": 1}
IN_PLACE = ("iadd", "add_")
# They give the tensor itself where it is so already.
VIEWS = ("contiguous", "float")
OPERATIONS = ("add", *IN_PLACE, *VIEWS, "clone", "flatten", "mean")


class _Proxy(fx.Proxy):
    """Records `+=` as what it is; torch.fx takes it for `+`, which leaves other names alone."""

    def __iadd__(self, other: object) -> fx.Proxy:
        return self.tracer.create_proxy("call_function", operator.iadd, (self, other), {})


class _Tracer(fx.Tracer):
    """Stops at what a `Reader` reads, and at every neuron, known or not."""

    def proxy(self, node: fx.Node) -> fx.Proxy:
        """What stands for a node's value."""
        return _Proxy(node, self)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether a module is not looked into."""
        if isinstance(m, Block | Neuron | TimeFold | PerStep) or hasattr(m, "v_threshold"):
            return True
        # What computes with weights of its own making is refused by its name, not by its insides.
        if isinstance(m, nn.Conv2d | nn.Linear):
            return True
        # snnTorch's neurons; a network of the user's own may say so of those in it.
        if hasattr(m, "threshold") and forward_is_foreign(m):
            return True
        known = known_layer(m) or known_neuron(m)
        return known is not None or super().is_leaf_module(m, module_qualified_name)


def read_adapted(draft: Draft, net: AdaptedNet) -> str:
    """The name of the step whose output, averaged over time, is the logits.

    Raises: UsageError: a network that torch.fx can't follow, or does not follow for a layout; an
        operation that a graph does not have.
    """
    module, kind = net.module, type(net.module).__name__
    if net.layout not in LEADS:
        raise UsageError(
            f"net: {kind} has the layout {net.layout}, expected {' or '.join(LEADS)}, in which "
            "every operation is of one timestep"
        )
    try:
        graph = _Tracer().trace(module)
    # It runs the network's own code on values that are none.
    except Exception as error:
        raise UsageError(
            f"net: torch.fx can't follow {kind}, whose forward pass depends on values or shapes "
            f"({one_line(error)}); write it of layers alone, or build it of tssd's blocks"
        ) from error
    reading = _Reading(draft, net)
    check_call(reading.reader.input(), module)
    for node in graph.nodes:
        if (found := reading.read(node)) is not None:
            return found
    raise AssertionError("a traced network has an output")


class _Reading:
    """What each node of torch.fx stands for."""

    def __init__(self, draft: Draft, net: AdaptedNet) -> None:
        self.draft = draft
        self.head = net.call.head
        self.reader = Reader(draft, net.module)
        self.reader.lead = LEADS[net.layout]
        self.values: dict[fx.Node, Traced] = {}

    def read(self, node: fx.Node) -> str | None:
        """Read a node; the name of the logits' step when they are found."""
        if node.op == "output":
            first = node.args[0]
            first = first[0] if isinstance(first, tuple | list) else first
            return self._value(node, first).source
        if node.op == "placeholder":
            if not self.values:
                self.values[node] = self.reader.input()
            elif node.users:
                raise self._refusal(node, "it takes a state, which only neurons may carry")
            return None
        if node.op == "call_module":
            part = self.reader.root.get_submodule(str(node.target))
            if len(node.args) != 1 or node.kwargs:
                raise self._refusal(node, f"{type(part).__name__} takes more than one input")
            self.values[node] = self.reader(part, self._value(node, node.args[0]))
            if node.target == self.head:
                return self.values[node].source
        elif node.users or node.op != "get_attr":
            self.values[node] = self._operation(node)
        return None

    def _operation(self, node: fx.Node) -> Traced:
        target: Any = node.target
        name = target if isinstance(target, str) else getattr(target, "__name__", str(target))
        if node.op == "get_attr" or not node.args:
            raise self._refusal(node, f"it uses {name}, but {REMEDY}")
        if name not in OPERATIONS:
            raise self._refusal(node, f"it uses {name}, but {REMEDY}")
        x, rest = self._value(node, node.args[0]), node.args[1:]
        self.reader.name = node.name
        if name in ("add", *IN_PLACE) and len(rest) == 1 and not node.kwargs:
            other = self._value(node, rest[0])
            if name == "add":
                return x + other
            x += other
            return x
        if name in VIEWS:
            return x.seen_as(x.shape)
        if name == "clone":
            return x.clone()
        if name == "flatten":
            return self._flattened(x, *rest, **node.kwargs)
        if name == "mean" and _is_time(x, *rest, **dict(node.kwargs)):
            return x.mean_over_time()
        raise self._refusal(node, f"it uses {name}, but {REMEDY}")

    def _flattened(self, x: Traced, start_dim: Any = 0, end_dim: Any = -1) -> Traced:
        return x if len(x.shape) == 1 else x.flatten(start_dim, end_dim)

    def _value(self, node: fx.Node, found: object) -> Traced:
        if isinstance(found, fx.Node) and found in self.values:
            return self.values[found]
        raise self._refusal(node, f"it takes {found!r}, expected what a layer gives")

    def _refusal(self, node: fx.Node, why: str) -> UsageError:
        return UsageError(f"net: at {node.name} of {type(self.reader.root).__name__}, {why}")


def _is_time(
    x: Traced, dim: Any = None, keepdim: Any = False, *, axis: Any = None, dtype: Any = None
) -> bool:
    dim = axis if dim is None else dim
    same = not keepdim and dtype in (None, torch.float32)
    return dim in (0, (0,), [0]) and same and x.lead == 2
