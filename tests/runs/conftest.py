"""The folder of a run whose best epoch is in the middle."""

from training.conftest import finished

__all__ = ["finished"]
