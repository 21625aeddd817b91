"""Neurons that we do not know: modules that turn fractions into whole numbers, told by watching."""

from collections.abc import Collection, Iterator
from typing import Any

from torch import Tensor, nn

from tssd.adapters.taps import first_tensor
from tssd.evaluation.firing import is_spiking
from tssd.evaluation.layers import LAYERS

# Packages whose modules are no neurons, or are known.
_KNOWN = {"torch", "torchvision", "tssd"}


class UnknownNeurons:
    """Watches modules that may be neurons of another library, or of the user's own.

    What comes out of them as whole numbers >= 0, though fractions went in, are spikes. They could
    not be counted as ours are, since nobody knows where such a module keeps its time axis; but a
    network with them must not pass for silent.

    Args:
        net: any network.
    """

    def __init__(self, net: nn.Module) -> None:
        self._modules = dict(net.named_modules())
        self._known = [name for name, module in self._modules.items() if is_spiking(module)]
        self._spikes: dict[str, bool] = {}

    def candidates(self) -> Iterator[tuple[str, nn.Module]]:
        """Modules that may be neurons, with their names."""
        for name, module in self._modules.items():
            package = type(module).__module__.partition(".")[0]
            inside_known = any(_inside(name, known) for known in self._known)
            if package not in _KNOWN and name not in self._known and not inside_known:
                yield name, module

    def hooks(self) -> Iterator[tuple[nn.Module, Any]]:
        """Modules to watch, and a forward hook for each."""
        for name, module in self.candidates():
            yield module, self._hook(name)

    def found(self) -> tuple[str, ...]:
        """Names of those that spiked, see `neurons_among`."""
        spiking = {name for name, spikes in self._spikes.items() if spikes}
        names = self.neurons_among(spiking)
        return tuple(name or type(self._modules[name]).__name__ for name in names)

    def neurons_among(self, spiking: Collection[str]) -> list[str]:
        """Those that spiked, without blocks that hold one which is named or counted.

        Args:
            spiking: names of candidates.
        """
        spiking, neurons = [name for name in self._modules if name in spiking], list[str]()
        for name in spiking:
            inner = [other for other in (*spiking, *self._known) if _inside(other, name)]
            layers = any(isinstance(part, LAYERS) for part in self._modules[name].modules())
            counted = any(other in self._known for other in inner)
            outer = any(_inside(name, other) for other in neurons)
            if not (counted or outer or (inner and layers)):
                neurons.append(name)
        return neurons

    def _hook(self, name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            x, y = first_tensor(inputs), first_tensor(output)
            # Decided by the first input of fractions; a layer of zeros may be taken back later.
            if x is None or y is None or self._spikes.get(name) is False or _is_whole(x):
                return
            self._spikes[name] = _is_whole(y)

        return hook


def _inside(name: str, outer: str) -> bool:
    return name != outer and (not outer or name.startswith(f"{outer}."))


def _is_whole(x: Tensor) -> bool:
    return not x.is_floating_point() or bool(((x >= 0) & (x == x.floor())).all())
