"""One trial of a simulated DVS-Gesture: a person makes all gestures one after the other."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tssd.errors import UsageError
from tssd.events.datasets.dvsgesture import GESTURES
from tssd.events.formats.gesture_labels import GestureWindow
from tssd.events.stream import Events
from tssd.simulate.datasets.gestures import ARM_ROLL, SIZE, Manner, events_of, hands_of
from tssd.simulate.noise import background
from tssd.simulate.pixels import Fired, in_order, joined
from tssd.simulate.recording import check_seed

US_PER_S = 1_000_000

# The order of a trial; arms are rolled forward, then backward.
ORDER = tuple(sorted([*range(len(GESTURES)), ARM_ROLL]))

# Seconds between two gestures, as a share of a gesture, and of the trial's noise in its events.
PAUSE = 0.15
NOISE_SHARE = 0.05

# The original's one known label error: in this trial class 9 ends after class 10 has begun.
MISLABELLED = "user22_led"
LATE_LABEL = 8
LATE_SHARE = 0.06

_PERSON, _TRIAL = 1, 2


# Seconds and events of a gesture; twelve of the most events fill 800 MB.
LONGEST, MOST_EVENTS = 600.0, 5e6


@dataclass(frozen=True)
class GestureStyle:
    """Sizes of a simulated DVS-Gesture.

    Args:
        seconds: length of each gesture, > 0, about; it varies by a tenth.
        rate: events a second while a gesture is made, > 0.
        seed: seed of the data set, >= 0.

    Raises:
        UsageError: A value is out of range.
    """

    seconds: float = 6.0
    rate: float = 30_000.0
    seed: int = 0

    def __post_init__(self) -> None:
        for field in ("seconds", "rate"):
            if not 0 < getattr(self, field) < np.inf:
                raise UsageError(
                    f"gesture {field} is {getattr(self, field)}, expected more than 0: give 6 "
                    "seconds and a rate of 30000 events a second for about the original's size"
                )
        if self.seconds > LONGEST or self.seconds * self.rate > MOST_EVENTS:
            raise UsageError(
                f"gesture seconds are {self.seconds:g} and the rate {self.rate:g}, expected at "
                f"most {LONGEST:g} s and {MOST_EVENTS:g} events a gesture: give less"
            )
        check_seed("seed", self.seed)


def record_trial(
    name: str, user: int, light: int, *, style: GestureStyle
) -> tuple[Events, list[GestureWindow]]:
    """Simulate a trial: its events and the windows of its twelve gestures.

    Place and size belong to the user, speed to the gesture, and everything else to the trial.

    Args:
        name: name of the trial; one of them has the original's label error.
        user: number of the person, from 1.
        light: number of the light, from 0: lights differ in their random numbers only.
        style: sizes and seed.
    """
    person = np.random.default_rng([style.seed, _PERSON, user])
    shift = (float(person.uniform(-8, 8)), float(person.uniform(-6, 6)))
    habits: dict[str, Any] = {"shift": shift, "scale": float(person.uniform(0.8, 1.15))}
    generator = np.random.default_rng([style.seed, _TRIAL, user, light])
    pause = round(PAUSE * style.seconds * US_PER_S)
    now = pause
    windows: list[GestureWindow] = []
    parts: list[Fired] = []
    for place, label in enumerate(ORDER):
        length = round(style.seconds * US_PER_S * float(generator.uniform(0.9, 1.1)))
        manner = Manner(
            speed=float(generator.uniform(1.2, 1.8)),
            start=float(generator.uniform(0, 1)),
            **habits,
        )
        backward = place > 0 and ORDER[place - 1] == label
        hands = hands_of(label, generator, backward=backward)
        t, pixel, p = events_of(
            hands, manner, duration=length, rate=style.rate, generator=generator
        )
        parts.append((t + now, pixel, p))
        windows.append(GestureWindow(label, now, now + max(length, 1)))
        now += length + pause
    noise_rate = NOISE_SHARE * style.rate / SIZE**2
    parts.append(background(noise_rate, now, SIZE**2, generator=generator))
    t, pixel, p = in_order(*joined(parts))
    if name == MISLABELLED:
        windows = _with_the_label_error(windows)
    row, column = np.divmod(pixel, SIZE)
    events = Events(
        t=t.astype(np.int64),
        x=column.astype(np.uint16),
        y=row.astype(np.uint16),
        p=p,
        height=SIZE,
        width=SIZE,
    )
    return events, windows


def _with_the_label_error(windows: list[GestureWindow]) -> list[GestureWindow]:
    place = next(n for n, window in enumerate(windows) if window.label == LATE_LABEL)
    late, after = windows[place : place + 2]
    end = after.start + max(1, round(LATE_SHARE * (after.end - after.start)))
    return [
        *windows[:place], GestureWindow(late.label, late.start, end), *windows[place + 1 :]
    ]  # fmt: skip
