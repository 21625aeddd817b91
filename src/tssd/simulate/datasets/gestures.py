"""Eleven movements of simulated hands, after the gestures of DVS-Gesture, and their events."""

from dataclasses import dataclass

import numpy as np

from tssd.events.datasets.dvsgesture import GESTURES
from tssd.simulate.pixels import Fired, in_order

SIZE = 128

ARM_ROLL = GESTURES.index("arm_roll")
OTHER = GESTURES.index("other_gestures")

# The person faces the camera: the right hand is on the left of the picture.
RIGHT, LEFT = 38.0, 90.0
MIDDLE = 64.0

# Pixels: radius of a hand, and how far its rim is blurred.
RADIUS = 7.0
BLUR = 0.7

# Candidates drawn for every event wanted; the rim fires unevenly, so some are thrown away.
CANDIDATES = 4


@dataclass(frozen=True)
class Hand:
    """A hand that swings around a point, in sensor pixels to the right and down.

        position = middle + reach * sin(2 pi (often * turns + phase))

    Args:
        middle: the point.
        reach: how far it swings along each axis.
        phase: where it starts along each axis, in turns; (1/4, 0) is clockwise on the picture.
        often: swings along each axis a turn of the gesture.
    """

    middle: tuple[float, float]
    reach: tuple[float, float]
    phase: tuple[float, float] = (0.0, 0.0)
    often: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Manner:
    """How one person makes one gesture.

    Args:
        speed: turns a second.
        shift: place of the person, in sensor pixels to the right and down.
        scale: size of the swings, 1 = usual.
        start: where the gesture begins, in turns.
    """

    speed: float = 1.5
    shift: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    start: float = 0.0


def hands_of(label: int, generator: np.random.Generator, *, backward: bool = False) -> list[Hand]:
    """The hands of a gesture.

    Args:
        label: 0 to 10.
        generator: chooses the figures of "other gestures"; no other gesture draws from it.
        backward: roll the arms the other way round, as in the second arm roll of a trial.
    """
    clockwise, counter = (0.25, 0.0), (0.25, 0.5)
    if label == OTHER:
        return [
            Hand((x, 64), (14, 18), tuple(generator.uniform(0, 1, 2)), (often, 3 - often))
            for x, often in zip((RIGHT, LEFT), generator.permutation([1, 2]).tolist(), strict=True)
        ]
    roll = (0.25, 0.5 if backward else 0.0)
    return [
        [Hand((50, 60), (12, 2), (0.25, 0)), Hand((78, 60), (12, 2), (0.75, 0))],
        [Hand((RIGHT, 40), (16, 3), often=(1, 2))],
        [Hand((LEFT, 40), (16, 3), often=(1, 2))],
        [Hand((RIGHT, 62), (22, 22), clockwise)],
        [Hand((RIGHT, 62), (22, 22), counter)],
        [Hand((LEFT, 62), (22, 22), clockwise)],
        [Hand((LEFT, 62), (22, 22), counter)],
        [
            Hand((MIDDLE, 66), (9, 15), roll),
            Hand((MIDDLE, 66), (9, 15), (roll[0] + 0.5, roll[1] + 0.5)),
        ],
        [Hand((RIGHT, 70), (2, 20), (0, 0)), Hand((LEFT, 70), (2, 20), (0, 0.5))],
        [Hand((52, 86), (3, 11), often=(2, 2)), Hand((100, 58), (7, 4))],
    ][label]


def events_of(
    hands: list[Hand],
    manner: Manner,
    *,
    duration: float,
    rate: float,
    generator: np.random.Generator,
) -> Fired:
    """Events of bright hands on a dark ground: ON where a rim moves forward, OFF where it leaves.

    A point of the rim fires as often as it moves along its normal, |v n|.

    Args:
        hands: the hands.
        manner: how the person moves them.
        duration: length in microseconds.
        rate: events a second, on average.
        generator: source of the randomness.

    Returns:
        Time in microseconds, pixel (row * 128 + column) and polarity of each event, in order.
    """
    wanted = generator.poisson(rate * duration * 1e-6)
    count = CANDIDATES * wanted
    t = generator.uniform(0, duration, count)
    hand = generator.integers(0, len(hands), count)
    angle = generator.uniform(0, 2 * np.pi, count)
    turns = manner.start + manner.speed * t * 1e-6
    places, speeds = [], np.zeros(count)
    for axis, normal in ((0, np.cos(angle)), (1, np.sin(angle))):
        often, phase, reach, middle = (
            np.array([getattr(one, field)[axis] for one in hands], dtype=float)[hand]
            for field in ("often", "phase", "reach", "middle")
        )
        argument = 2 * np.pi * (often * turns + phase)
        swing = manner.scale * reach * np.sin(argument)
        blur = generator.normal(0, BLUR, count)
        places.append(middle + manner.shift[axis] + swing + RADIUS * normal + blur)
        speeds += normal * often * reach * np.cos(argument)
    chance = np.abs(speeds) * (wanted / max(float(np.abs(speeds).sum()), 1e-12))
    columns, rows = (np.floor(place).astype(np.int64) for place in places)
    seen = (columns >= 0) & (columns < SIZE) & (rows >= 0) & (rows < SIZE)
    keep = seen & (generator.uniform(0, 1, count) < chance)
    return in_order(t[keep], (rows * SIZE + columns)[keep], (speeds[keep] > 0).astype(np.uint8))
