"""Networks of others, read by torch.fx."""

from typing import Any

from torch import fx, nn

from tssd.adapters.net import AdaptedNet
from tssd.errors import UsageError
from tssd.lowering.draft import Draft
from tssd.lowering.layers import known_layer
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
# What may follow a mean over time and come to the same in front of it.
LINEAR = ("conv", "linear", "avg_pool", "mean", "flatten", "affine")
ADDITIONS = ("add", "iadd", "add_")
COPIES = ("contiguous", "clone", "float")
OPERATIONS = (*ADDITIONS, *COPIES, "flatten", "mean")


class _Tracer(fx.Tracer):
    """Stops at what a `Reader` reads, and at every neuron, known or not."""

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
        # Of the step up to which the network ran when it took the mean over time.
        self.averaged: int | None = None

    def read(self, node: fx.Node) -> str | None:
        """Read a node; the name of the logits' step when they are found."""
        if node.op == "output":
            first = node.args[0]
            first = first[0] if isinstance(first, tuple | list) else first
            return self._logits(self._value(node, first))
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
                return self._logits(self.values[node])
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
        if name in ADDITIONS and len(rest) == 1 and not node.kwargs:
            return x + self._value(node, rest[0])
        if name in COPIES:
            return x
        if name == "flatten":
            return self._flattened(x, *rest, **node.kwargs)
        if name == "mean" and self._is_time(*rest, **dict(node.kwargs)):
            self.averaged = len(self.draft.steps)
            return x
        raise self._refusal(node, f"it uses {name}, but {REMEDY}")

    def _flattened(self, x: Traced, start_dim: Any = 0, end_dim: Any = -1) -> Traced:
        return x if len(x.shape) == 1 else x.flatten(start_dim, end_dim)

    def _is_time(self, dim: Any = None, keepdim: Any = False) -> bool:
        return dim in (0, (0,), [0]) and not keepdim and self.reader.lead == 2

    def _value(self, node: fx.Node, found: object) -> Traced:
        if isinstance(found, fx.Node) and found in self.values:
            return self.values[found]
        raise self._refusal(node, f"it takes {found!r}, expected what a layer gives")

    def _logits(self, x: Traced) -> str:
        behind = [*self.draft.steps.values()][self.averaged :] if self.averaged else []
        for step in behind:
            if step.op not in LINEAR:
                raise UsageError(
                    f"{step.name}: it gets a mean over time, but is a {step.op}, which is not the "
                    "same in front of the mean; return the logits of every timestep"
                )
        return x.source

    def _refusal(self, node: fx.Node, why: str) -> UsageError:
        return UsageError(f"net: at {node.name} of {type(self.reader.root).__name__}, {why}")
