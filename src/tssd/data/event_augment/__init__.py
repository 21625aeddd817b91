"""Augmentation of event frames: the same draw at every time step, no draw from hidden state.

A recipe gives a list of these objects; the data module hands its seed to `augment`. None is on
unless a recipe says so.
"""

from tssd.data.event_augment.affine import Rotate, Shear
from tssd.data.event_augment.base import EventAugmentation, augment
from tssd.data.event_augment.dropping import Cutout, DropArea, DropTime
from tssd.data.event_augment.geometric import HorizontalFlip, Roll, Shift
from tssd.data.event_augment.policies import NDA, TET, EventDrop, OneOf
from tssd.data.event_augment.thinning import DropRandom

__all__ = [
    "NDA",
    "TET",
    "Cutout",
    "DropArea",
    "DropRandom",
    "DropTime",
    "EventAugmentation",
    "EventDrop",
    "HorizontalFlip",
    "OneOf",
    "Roll",
    "Rotate",
    "Shear",
    "Shift",
    "augment",
]
