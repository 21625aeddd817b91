"""Reads a network part by part, as its forward pass goes, into a draft."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from tssd.errors import UsageError
from tssd.graph import INPUT
from tssd.lowering.draft import Draft
from tssd.lowering.layers import check_call, check_numbers, check_weights, known_layer
from tssd.lowering.neurons import known_neuron, why_unknown
from tssd.lowering.traced import REMEDY, Traced
from tssd.models.attention import SpikeProduct, TokenSum
from tssd.models.flow import Block
from tssd.time import PerStep, TimeFold

PRODUCTS = (SpikeProduct, TokenSum)


class Reader:
    """Runs parts on `Traced` values: what a `Block`'s flow is given to run its parts by.

    Args:
        draft: what the steps go into.
        root: whose parts are read, and named.
        prefix: in front of their names.
    """

    def __init__(self, draft: Draft, root: nn.Module, prefix: str = "") -> None:
        self.draft = draft
        self.root = root
        dot = f"{prefix}." if prefix else ""
        # Of a part that has several names, the first.
        named = [*root.named_modules()]
        self.names = {id(part): f"{dot}{name}" if name else prefix for name, part in named}
        # Of what is being read now: its name, the innermost part that joins others, and how many
        # axes there are in front of a sample's.
        self.name = prefix
        self.block: nn.Module = root
        self.lead = 2
        # Neurons of others that were read: theirs, not ours, go on at the next call.
        self.remembering: set[nn.Module] = set()

    def input(self) -> Traced:
        """The network's input."""
        return Traced(self, INPUT, self.draft.sample_shape)

    def __call__(self, part: nn.Module, x: Traced) -> Traced:
        """What a part makes of x. Raises: UsageError: it has no operation; names it."""
        with self._at(part):
            check_call(x, part)
            forward = type(part).forward
            if forward in (nn.Sequential.forward, TimeFold.forward, PerStep.forward):
                with self.leading(2 if forward is nn.Sequential.forward else 1):
                    for inner in part._modules.values():  # one that stands there twice runs twice
                        x = x if inner is None else self(inner, x)
                return x
            if isinstance(part, Block):
                return self._joined(part, x)
            lowered = known_layer(part) or known_neuron(part)
            folds = getattr(part, "folded", None)
            if lowered is None and callable(folds):  # into a part that is known, see tssd.neurons
                return self._folded(part, folds(), x)
            if lowered is None:
                raise x.refusal(part, why_unknown(part) or f"it has no operation; {REMEDY}")
            check_weights(x, part)
            check_numbers(self.name, part)
            made = lowered(x, part)
            # What gives its input gives a view of it, or a copy.
            return x.seen_as(x.shape) if made is x else made

    def _folded(self, part: nn.Module, folded: Any, x: Traced) -> Traced:
        self.names[id(folded)] = self.name
        if type(folded) is type(part):
            raise x.refusal(part, f"it folds into another of its kind; {REMEDY}")
        return self(folded, x)

    def _joined(self, block: Block, x: Traced) -> Traced:
        if any(isinstance(part, PRODUCTS) for part in block.children()):
            raise x.refusal(
                block,
                "attention multiplies spikes with spikes, for which a graph has no operation; "
                "export a network of convolutions, or run this one with tssd itself",
            )
        before, self.block = self.block, block
        made = block.flow(self, x)  # pyright: ignore[reportArgumentType]
        self.block = before
        if not isinstance(made, Traced):
            raise UsageError(f"{self.name}: its flow returns no sequence, but {made!r}")
        return made

    @contextmanager
    def _at(self, part: nn.Module) -> Iterator[None]:
        before = self.name
        self.name = self.names.get(id(part)) or f"{before}.{type(part).__name__}"
        yield
        self.name = before

    @contextmanager
    def leading(self, axes: int) -> Iterator[None]:
        """Inside, samples have at most so many axes in front of theirs."""
        before = self.lead
        self.lead = min(axes, before)
        yield
        self.lead = before
