"""Which tensor of one network is which of the other: layer by layer, and nothing left over."""

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import NamedTuple

from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.interop.families import in_order
from tssd.models import StagedNet
from tssd.neurons import PLIF
from tssd.norms import TdBN

# What means the same in both libraries, tensor by tensor.
SHARED = (nn.Conv1d, nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d, PLIF)
# Of batch norm; weights that are older than it do without.
COUNTER = "num_batches_tracked"


class Layer(NamedTuple):
    """A layer with weights: its dotted name, and the shape of each tensor by its last name."""

    name: str
    shapes: dict[str, tuple[int, ...]]

    def fits(self, other: "Layer") -> bool:
        """Whether its tensors are those of another one."""
        return self._but_for_the_counter() == other._but_for_the_counter()

    def _but_for_the_counter(self) -> dict[str, tuple[int, ...]]:
        return {leaf: shape for leaf, shape in self.shapes.items() if leaf != COUNTER}

    def __str__(self) -> str:
        shapes = self._but_for_the_counter().items()
        return f"{self.name} ({', '.join(f'{leaf} {list(shape)}' for leaf, shape in shapes)})"


def paired(net: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, str]:
    """Names of the network's tensors -> names of SpikingJelly's, in the network's order.

    A batch norm's counter has no partner where SpikingJelly's weights are without it.

    Args:
        net: the built-in network.
        weights: a state_dict of SpikingJelly's.
    Raises: UsageError: the networks differ; names the first two layers that do.
    """
    if not isinstance(net, StagedNet):
        raise UsageError(
            f"net: got {type(net).__name__}, expected a network of tssd.models; tssd.adapt trains "
            "SpikingJelly's own as it is"
        )
    ours, theirs = _layers(net.state_dict()), _layers(weights)
    _check_meaning(net, ours)
    order = in_order(theirs)
    names: dict[str, str] = {}
    for own, name in zip_longest(ours.values(), order):
        other = theirs.get(name)
        if own is None or other is None or not own.fits(other):
            raise _differ(own, other)
        names |= {
            f"{own.name}.{leaf}": f"{other.name}.{leaf}"
            for leaf in own.shapes
            if leaf in other.shapes
        }
    return names


def _layers(tensors: Mapping[str, Tensor]) -> dict[str, Layer]:
    found: dict[str, Layer] = {}
    for name, tensor in tensors.items():
        layer, _, leaf = name.rpartition(".")
        found.setdefault(layer, Layer(layer, {})).shapes[leaf] = tuple(tensor.shape)
    return found


def _check_meaning(net: nn.Module, layers: Iterable[str]) -> None:
    """Refuse layers in which the same numbers compute something else."""
    parts = [(name, net.get_submodule(name)) for name in layers]
    strange = [(name, part) for name, part in parts if type(part) not in SHARED]
    scaled = [(n, m) for n, m in net.named_modules() if isinstance(m, TdBN) and m.scale != 1]
    for name, part in (*strange, *scaled):
        raise UsageError(
            f"net: {name} is a {type(part).__name__}, whose weights are not those of a layer of "
            "SpikingJelly; expected convolutions, linear layers, batch norm and LIF, IF or PLIF "
            "neurons: build the network with tssd.norms.pooled_batch_norm and one of these"
        )


def _differ(own: Layer | None, other: Layer | None) -> UsageError:
    theirs = "no such layer" if other is None else str(other)
    ours = "no such layer" if own is None else str(own)
    return UsageError(
        f"weights: where SpikingJelly's network has {theirs}, this one has {ours}; expected two "
        "networks alike: see width, in_channels, num_classes, image_size, neuron and the network's "
        "own options"
    )
