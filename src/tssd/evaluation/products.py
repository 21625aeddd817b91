"""Products that no layer stands for: a network's own F.conv2d, or q @ k in an attention."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from tssd.evaluation.firing import is_spiking
from tssd.evaluation.layers import LAYERS, UNCOUNTED

_PRODUCTS = {
    *(F.linear, F.bilinear, F.scaled_dot_product_attention, F.multi_head_attention_forward),
    *(F.conv1d, F.conv2d, F.conv3d),
    *(F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d),
    *(torch.matmul, torch.mm, torch.bmm, torch.mv, torch.addmm, torch.baddbmm),
    *(torch.einsum, torch.tensordot),
    *(Tensor.matmul, Tensor.__matmul__, Tensor.__rmatmul__),
    *(Tensor.mm, Tensor.bmm, Tensor.mv, Tensor.addmm, Tensor.baddbmm),
}


class OtherProducts(TorchFunctionMode):
    """Notes, while active, which modules multiply by themselves.

    Their operations can't be told from the outside, but must not pass for none. Of networks with
    compiled parts nothing is noted.

    Args:
        net: any network.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self._net = net
        self._names = {module: name for name, module in net.named_modules()}
        # A compiled part has no calls to watch, and can't be traced with a watcher.
        self.compiled = any(
            hasattr(module, "_orig_mod") or module._compiled_call_impl is not None
            for module in self._names
        )
        self._running: list[nn.Module] = []
        self.found: dict[str, None] = {}  # in order

    def hooks(self) -> Iterator[torch.utils.hooks.RemovableHandle]:
        """Place hooks that tell which module runs."""
        for module in () if self.compiled else self._names:
            yield module.register_forward_pre_hook(lambda m, _: self._running.append(m))
            yield module.register_forward_hook(
                lambda m, *_: self._running.remove(m), always_call=True
            )

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Compute as usual."""
        if func in _PRODUCTS and self._running and not any(map(_is_known, self._running)):
            name = self._names[self._running[-1]]
            self.found[name or type(self._net).__name__] = None
        return func(*args, **(kwargs or {}))


def _is_known(module: nn.Module) -> bool:
    """Whether a module's operations are counted, or it is named as one that is not."""
    return isinstance(module, LAYERS + UNCOUNTED) or is_spiking(module)
