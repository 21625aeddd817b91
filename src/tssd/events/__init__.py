"""Event-camera recordings: files, slices, frames, caches and simulation. Needs no torch."""

from tssd.events.stream import Events

__all__ = ["Events"]
