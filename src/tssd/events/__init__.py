"""Event-camera recordings: files, slices, frames, caches and data sets. Needs no torch."""

from tssd.events.slicing import EqualCount, EqualTimeShare, FixedTime, Slicing
from tssd.events.stream import Events

__all__ = ["EqualCount", "EqualTimeShare", "Events", "FixedTime", "Slicing"]
