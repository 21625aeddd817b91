"""Weights from and for networks of other libraries that are built in here too."""

from tssd.interop.spikingjelly import from_spikingjelly, to_spikingjelly

__all__ = ["from_spikingjelly", "to_spikingjelly"]
