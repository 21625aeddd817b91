"""From a trained network to a graph."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from tssd.adapters.net import AdaptedNet
from tssd.errors import UsageError
from tssd.graph import Graph
from tssd.lowering.adapted import read_adapted
from tssd.lowering.draft import Draft
from tssd.lowering.folding import fold
from tssd.lowering.reader import Reader
from tssd.lowering.traced import Traced
from tssd.models.base import StagedNet, Tap, eval_mode
from tssd.trained import TrainedNet


def lower(
    net: nn.Module,
    sample_shape: Sequence[int] | None = None,
    *,
    exits: Mapping[Tap, nn.Module] | None = None,
) -> Graph:
    """A trained network as a graph: what it computes in eval mode, up to rounding.

    Norms are folded into weights in float64. A membrane that lies within rounding of its threshold
    may fall on the other side; `tssd.exporting` measures whether one does.

    Args:
        net: a `TrainedNet`, a `StagedNet`, or a network that `tssd.adapt` has adapted; it stays as
            it is.
        sample_shape: (C, H, W) of one sample; None = as the network or its preprocessing says.
        exits: heads to be kept, by the stage whose spikes they get; only of a `StagedNet`.
    Raises: UsageError: a layer or neuron that has no operation, in one line that names it.
        DataError: weights that are not finite in float32.
    """
    if isinstance(net, TrainedNet):
        sample_shape = sample_shape or net.transform.sample_shape
        net = net.net
    sample_shape = sample_shape or getattr(net, "sample_shape", None)
    if sample_shape is None:
        raise UsageError(
            f"sample_shape: {type(net).__name__} does not say what it takes; give (C, H, W)"
        )
    draft, heads = Draft(tuple(sample_shape)), dict(exits or {})
    with torch.no_grad(), eval_mode(net, *heads.values()):
        if isinstance(net, StagedNet):
            draft.outputs = _staged(draft, net, heads)
        elif isinstance(net, AdaptedNet) and not heads:
            draft.outputs = {"": read_adapted(draft, net)}
        else:
            raise UsageError(
                f"net: got a {type(net).__name__}{' with exits' if heads else ''}, expected a "
                "StagedNet or what tssd.load returns; networks of others go through tssd.adapt"
            )
    fold(draft)
    return draft.finished()


def _staged(draft: Draft, net: StagedNet, exits: Mapping[Tap, nn.Module]) -> dict[str, str]:
    """The steps whose outputs are logits: the network's as "", exits' by their stage."""
    reader = Reader(draft, net)
    x = reader.input()
    if net.sample_shape is not None and x.shape != tuple(net.sample_shape):
        raise UsageError(
            f"sample_shape: got {list(x.shape)}, but the network was built for "
            f"{list(net.sample_shape)}"
        )
    heads = {net.resolve_tap(tap): head for tap, head in exits.items()}
    outputs: dict[str, str] = {}
    for index, stage in enumerate(net.stages):
        x = reader(stage, x)
        if index in heads:
            own = Reader(draft, heads[index], f"exits.{index}")
            outputs[str(index)] = own(heads[index], Traced(own, x.source, x.shape)).source
    return outputs | {"": reader(net.head, x).source}
