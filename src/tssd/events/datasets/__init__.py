"""Event data sets: how the files of each are found and read. A new one is one file like these."""

from tssd.events.datasets.base import EventFiles
from tssd.events.datasets.catalogue import Catalogue, Reading, check_counts
from tssd.events.datasets.sources import Download, find_recordings

__all__ = ["Catalogue", "Download", "EventFiles", "Reading", "check_counts", "find_recordings"]
