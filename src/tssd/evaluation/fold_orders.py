"""Which of time and samples stands in front in what the layers of a network are given."""

from contextlib import ExitStack
from typing import Any

from torch import Tensor, nn

from tssd.adapters import AdaptedNet
from tssd.adapters.folds import has_samples_first, has_time_first, same_sample
from tssd.evaluation.layers import LAYERS, has_time
from tssd.models.drawn_again import drawn_again


def fold_orders(net: nn.Module, x: Tensor) -> dict[str, bool | None]:
    """Layers of a network that takes [N, T, ...]: whether they have N in front of T as well.

    Such a network may turn the axes for its neurons, before a layer or behind it, which no shape
    of a fold shows. So it runs once more, on one sample in the place of all: the rows of a fold
    that are the same are those of different samples.

    Args:
        net: in eval mode; empty for one that does not take [N, T, ...].
        x: a sequence [T, N, ...].
    Returns: by name; None = it can't be told.
    """
    if not isinstance(net, AdaptedNet) or net.layout != "batch_first":
        return {}
    steps = x.shape[0]
    # Other than T, so that two axes in front tell by their sizes.
    batch = 3 if steps == 2 else 2
    otherwise = not has_time_first(net)
    found: dict[str, bool | None] = {}

    def hook(name: str) -> Any:
        def look(layer: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> None:
            seen: Tensor = (*args, *named.values())[0]
            order: bool | None = otherwise
            if any(has_time(layer, seen, lead) for lead in ((steps, batch), (batch, steps))):
                order = tuple(seen.shape[:2]) == (batch, steps)
            elif seen.shape[0] == steps * batch and steps > 1:
                order = has_samples_first(seen, steps, batch, otherwise=otherwise)
            found[name] = order if found.get(name, order) == order else None

        return look

    with ExitStack() as hooks, drawn_again(x):
        for name, layer in net.named_modules():
            if isinstance(layer, LAYERS):
                hooks.enter_context(layer.register_forward_pre_hook(hook(name), with_kwargs=True))
        net(same_sample(x, batch))
    return found
