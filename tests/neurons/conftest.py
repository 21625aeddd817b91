"""Where the Triton kernels are tested: on a GPU, or on the CPU in Triton's interpreter."""

import os

import pytest
import torch

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"


@pytest.fixture
def device():
    """A device that the kernels run on."""
    if not INTERPRETED and not torch.cuda.is_available():
        pytest.skip("needs CUDA, or TRITON_INTERPRET=1")
    pytest.importorskip("triton")
    return torch.device("cpu" if INTERPRETED else "cuda:0")
