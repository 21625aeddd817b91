"""Processes that are forked: where that can be, and waiting for what they do."""

import os
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess

import pytest


def needs_fork(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that forks."""
    # Python 3.12 and later warn of threads that a fork does not get. They belong to libraries that
    # no child calls.
    threads = "ignore:This process .* is multi-threaded:DeprecationWarning"
    fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    return fork(pytest.mark.filterwarnings(threads)(test))


def wait_until(happened: Callable[[], bool], process: BaseProcess) -> None:
    """Look every millisecond; gives up when the process has ended."""
    while process.is_alive() and not happened():
        time.sleep(0.001)
