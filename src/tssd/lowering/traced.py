"""A value that stands for the output of a layer while a network is read without running it."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import torch
from torch import nn

from tssd.errors import UsageError
from tssd.graph.ops import Shape
from tssd.lowering.draft import Wide

if TYPE_CHECKING:
    from tssd.lowering.reader import Reader

REMEDY = (
    "a graph has convolutions, linear layers, pools, norms, neurons and sums of two; write the "
    "network of these, or run it with tssd itself"
)
# What may follow a mean over time and come to the same in front of it.
LINEAR = ("conv", "linear", "avg_pool", "adaptive", "mean", "flatten", "affine", "add")


class Memory:
    """What views of the same values share: how often these were changed in place."""

    changes = 0


class Traced:
    """What a step of a draft gives. Blocks may run layers on it and add it to another.

    Args:
        reader: what reads the network.
        source: name of the step.
        shape: of one sample at one timestep, which may be another view of what the step gives.
        averaged: whether the network has taken the mean over time.
        memory: of what this is a view of; None = it has its own.
    """

    def __init__(
        self,
        reader: "Reader",
        source: str,
        shape: Shape,
        *,
        averaged: bool = False,
        memory: Memory | None = None,
    ) -> None:
        self.reader = reader
        self.shape = tuple(shape)
        self.averaged = averaged
        self._source = source
        self._memory = memory or Memory()
        self._changes = self._memory.changes

    @property
    def source(self) -> str:
        """Name of the step. Raises: UsageError: a view of it was changed in place since."""
        # Some operations give the same memory or a copy, as torch sees fit.
        if self._changes != self._memory.changes:
            raise self.refusal(
                self.reader.block,
                "its forward pass changes a value in place, and uses another view of it "
                "afterwards; add by h = h + x, or take a clone before",
            )
        return self._source

    @property
    def lead(self) -> int:
        """Axes in front of a sample's: time and batch; a fold makes them one, a mean takes one."""
        return 1 if self.averaged else self.reader.lead

    def then(
        self,
        op: str,
        *others: "Traced",
        arrays: Mapping[str, Wide] | None = None,
        options: Mapping[str, Any] | None = None,
        shape: Shape | None = None,
        at: str = "",
    ) -> "Traced":
        """What an operation makes of it, under the name of the layer that is being read.

        Args:
            op: the operation.
            others: further inputs.
            arrays: its weights.
            options: its options.
            shape: of its output; None = as the operation has it.
            at: of several steps of one layer, this one's own name.
        """
        name = ".".join(part for part in (self.reader.name, at) if part)
        averaged = any(each.averaged for each in (self, *others))
        if averaged and op not in LINEAR:
            raise UsageError(
                f"{name or op}: it gets a mean over time, but is a {op}, which is not the same in "
                "front of the mean; return the logits of every timestep"
            )
        sources = [self.source, *(other.source for other in others)]
        draft = self.reader.draft
        step = draft.add(name, op, sources, arrays=arrays, options=options, shape=shape)
        kept = step.shape == draft.shape(self.source)
        return Traced(
            self.reader,
            step.name,
            self.shape if kept else step.shape,
            averaged=averaged,
            memory=self._memory if op == "flatten" else None,
        )

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> "Traced":
        """All axes of a sample in one: what `Tensor.flatten` is asked for, and nothing else."""
        axes = self.lead + len(self.shape)
        if (start_dim % axes, end_dim % axes) != (self.lead, axes - 1):
            self._refuse(f"flattens axes {start_dim} to {end_dim} of {axes}")
        if len(self.reader.draft.shape(self.source)) == 1:
            return self.seen_as((math.prod(self.shape),))
        return self.then("flatten")

    def __getitem__(self, index: object) -> "Traced":
        """Further axes of length 1 behind the others, `x[..., None]`, and nothing else."""
        behind = index[1:] if isinstance(index, tuple) and index[:1] == (...,) else ()
        if not behind or any(n is not None for n in behind):
            self._refuse("uses x[...]")
        return self.seen_as((*self.shape, *[1] * len(behind)))

    def run(self, part: nn.Module, x: "Traced") -> "Traced":
        """Another layer's output, for layers that hold layers."""
        return self.reader(part, x)

    def seen_as(self, shape: Shape) -> "Traced":
        """The same values in the same order, with other axes."""
        return Traced(self.reader, self.source, shape, averaged=self.averaged, memory=self._memory)

    def clone(self) -> "Traced":
        """The same values, which stay when these are changed in place."""
        return Traced(self.reader, self.source, self.shape, averaged=self.averaged)

    def mean_over_time(self) -> "Traced":
        """The mean, which the graph leaves to whoever takes the mean of its logits."""
        return Traced(self.reader, self.source, self.shape, averaged=True)

    def refusal(self, layer: nn.Module | str, why: str) -> UsageError:
        """What says that a layer has no operation, and what can be done."""
        kind = layer if isinstance(layer, str) else type(layer).__name__
        return UsageError(f"{self.reader.name or 'net'} ({kind}): {why}")

    def __add__(self, other: object) -> "Traced":
        if not isinstance(other, Traced):
            self._refuse(f"adds a {type(other).__name__}")
        return self.then("add", other)

    __radd__ = __add__

    def __iadd__(self, other: object) -> "Traced":
        """In place, as of a tensor: whoever holds it sees the sum."""
        total = self + other
        self._source, self.averaged = total.source, total.averaged
        self._memory.changes += 1
        self._changes = self._memory.changes
        return self

    def _refuse(self, what: str) -> NoReturn:
        raise self.refusal(self.reader.block, f"its forward pass {what}, but {REMEDY}")

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> "Traced":
        """What torch's own functions do with it: nothing but to add two."""
        given = [value for value in args if isinstance(value, Traced)]
        if func is torch.add and len(given) == len(args) == 2 and not kwargs:
            return given[0] + given[1]
        (given or [v for v in (kwargs or {}).values() if isinstance(v, Traced)])[0]._refuse(
            f"uses torch's {getattr(func, '__name__', func)}"
        )

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # what Python itself looks for
            raise AttributeError(name)
        self._refuse(f"uses .{name}")


def _refused(operator: str) -> Callable[..., NoReturn]:
    def refuse(self: Traced, *_: object) -> NoReturn:
        self._refuse(f"uses {operator}")

    return refuse


for _name in ("mul", "rmul", "sub", "rsub", "matmul", "rmatmul", "truediv", "neg", "pow"):
    setattr(Traced, f"__{_name}__", _refused(f"__{_name}__"))
for _name in ("iter", "len", "lt", "le", "gt", "ge", "bool"):
    setattr(Traced, f"__{_name}__", _refused(f"__{_name}__"))
