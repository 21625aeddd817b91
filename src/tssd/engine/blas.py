"""Products of matrices in one thread, so that a layer that runs dense takes no other core."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_inside = 0
_limit: Any = None


@contextmanager
def one_thread() -> Iterator[None]:
    """NumPy's BLAS starts no threads inside; outside it is as it was.

    The number is the process's, so that all its threads share it. Where threadpoolctl, which
    scikit-learn brings, is missing, nothing changes.
    """
    global _inside, _limit
    controller = _controller()
    if controller is None:
        yield
        return
    # Who comes first sets it, who goes last sets it back.
    with _lock:
        _inside += 1
        if _inside == 1:
            _limit = controller.limit(limits=1, user_api="blas")
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limit.restore_original_limits()


@functools.cache
def _controller() -> Any:
    try:
        from threadpoolctl import ThreadpoolController
    except ModuleNotFoundError:
        return None
    return ThreadpoolController()
