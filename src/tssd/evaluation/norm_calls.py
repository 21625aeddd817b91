"""What is normalised by running statistics, seen from outside."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

# What normalises by running statistics, and the place of their mean among its arguments. Functions
# are watched, not modules: a layer may fold time into the batch inside, as SpikingJelly's do.
_MEAN: dict[Any, int] = {F.batch_norm: 1, torch.batch_norm: 3}


class NormCalls(TorchFunctionMode):
    """Hands over every input that is normalised, and the running mean that it goes with."""

    def __init__(self, sees: Callable[[Tensor, Tensor], None]) -> None:
        super().__init__()
        self._sees = sees

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _MEAN:
            given = dict(enumerate(args))
            mean = given.get(_MEAN[func], kwargs.get("running_mean"))
            if mean is not None:
                self._sees(cast(Tensor, given.get(0, kwargs.get("input"))), mean)
        return func(*args, **kwargs)
