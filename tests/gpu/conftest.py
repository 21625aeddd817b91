"""Tests that need CUDA: `pytest -m gpu`. Elsewhere they are skipped."""

from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.gpu)
            # Of torch.cuda.set_sync_debug_mode, which would fail half way and stay on.
            item.add_marker(pytest.mark.filterwarnings("ignore:Synchronization debug mode"))
            if not torch.cuda.is_available():
                item.add_marker(pytest.mark.skip(reason="no CUDA device on this machine"))
