"""Which axis of a tap's output holds channels: [C, L] and [C, H, W], or tokens [L, D]."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from torch import Tensor, nn

from tssd.adapters.output import first_tensor

# Layers that say which axis their features are on: the last, or the first after the batch.
_LAST = (nn.Linear, nn.LayerNorm, nn.RMSNorm, nn.Embedding, nn.MultiheadAttention)
_FIRST = (
    nn.modules.conv._ConvNd,
    nn.modules.batchnorm._BatchNorm,
    nn.modules.instancenorm._InstanceNorm,
    nn.GroupNorm,
)


class ChannelAxes:
    """What layers and taps returned, in the order of a run."""

    def __init__(self) -> None:
        self._seen: list[tuple[bool, tuple[int, ...]]] = []
        self._taps: dict[str, tuple[int, tuple[int, ...]]] = {}

    def note(self, part: nn.Module, names: Iterable[str], output: object) -> None:
        """Take down the output of a layer, or of a tap with these names."""
        x = first_tensor(output)
        if not isinstance(x, Tensor):
            return
        if isinstance(part, _LAST + _FIRST):
            self._seen.append((isinstance(part, _LAST), tuple(x.shape)))
        for name in names:
            self._taps[name] = len(self._seen), tuple(x.shape)

    def are_last(self, tap: str) -> bool:
        """Whether the last layer before a tap that returned maps of its size had them last.

        A neuron or a sum keeps the axes of what it is given; so the nearest such layer tells.
        """
        if tap not in self._taps:
            return False
        end, shape = self._taps[tap]
        size = shape[-2:]
        return next((last for last, seen in reversed(self._seen[:end]) if seen[-2:] == size), False)


@contextmanager
def axes_watched(module: nn.Module, taps: Iterable[str]) -> Iterator[ChannelAxes]:
    """Learn the channel axis of taps from what runs in here."""
    axes = ChannelAxes()
    names: dict[nn.Module, list[str]] = {}
    for name in taps:
        names.setdefault(module.get_submodule(name), []).append(name)

    def note(part: nn.Module, args: object, output: object) -> None:
        axes.note(part, names.get(part, ()), output)

    with ExitStack() as hooks:
        for part in module.modules():
            if part in names or isinstance(part, _LAST + _FIRST):
                hooks.enter_context(part.register_forward_hook(note))
        yield axes
