"""One call at a time: a network that we did not write keeps its state inside, for all threads."""

import threading
import weakref
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import nn

_Lock = AbstractContextManager[object]

# By network and not in what wraps it: two adapters of one network share its state, and a copy or
# a pickle of a network holds no lock.
_locks: "weakref.WeakKeyDictionary[nn.Module, _Lock]" = weakref.WeakKeyDictionary()
_table = threading.Lock()


def exclusive(module: nn.Module) -> _Lock:
    """The lock under which a network is run, reset or copied; the thread that holds it may again.

    Example: `with exclusive(module): ...`
    """
    lock: Any = _lock_of(module)
    return lock


@torch.compiler.disable
def _lock_of(module: nn.Module) -> _Lock:
    with _table:
        return _locks.setdefault(module, threading.RLock())
