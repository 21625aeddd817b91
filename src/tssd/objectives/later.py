"""Checks of training steps whose answers an accelerator is not waited for.

To ask whether a loss is finite holds the host until the device has computed it, and the device
then waits for the host. So the answers stay on the device, and are asked for every few steps; what
was wrong first, and in which step, is known then as well.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from tssd.errors import DataError, TssdError, UsageError
from tssd.objectives.diverged import DivergedError

# What can be wrong with a step besides the terms of its loss, whose names are single words.
INPUT, WEIGHTS, LABELS = "the input", "the weights", "the labels"
LOGITS, TOTAL = "the logits", "the weighted sum"


class Wrong(NamedTuple):
    """The first step that was wrong, by the number it was given, and all that was wrong with it."""

    step: int
    what: tuple[str, ...]

    def error(self) -> TssdError:
        """What to raise; the step's values are gone, so it names none of them."""
        if INPUT in self.what:
            return DataError(
                f"input: a value of the batch in step {self.step} is infinite or nan, expected "
                "finite numbers; correct the file or the transform it comes from"
            )
        if WEIGHTS in self.what:
            return DivergedError("weights became infinite or nan")
        if LABELS in self.what:
            return DataError(
                f"labels: a class of the batch in step {self.step} is not in 0 to num_classes - 1 "
                "of the network, or shares of classes do not sum to 1; use the data that it was "
                "built for"
            )
        if LOGITS in self.what:
            return UsageError(
                f"net: returned probabilities in step {self.step}, rows that sum to 1, expected "
                "logits; the loss takes the softmax itself, so take the network's away"
            )
        terms = [name for name in self.what if name != TOTAL] or [TOTAL]
        return DivergedError(f"loss: {', '.join(terms)} became infinite or nan")


class LaterChecks:
    """Answers of steps, kept on the device until they are looked at.

    later = LaterChecks()
    criterion.run(net, x, y, later=later)
    later.end_step(number)
    if wrong := later.look():  # waits for the device
        raise wrong.error()
    """  # noqa: D400, D415 - the summary ends in an example

    def __init__(self) -> None:
        self._open: dict[str, Tensor] = {}
        self._names: tuple[str, ...] = ()
        self._steps: list[int] = []
        # Until the next look: how many steps in a row were sound, and the answers of the first that
        # was not, or else of the last.
        self._sound = self._answers = torch.empty(0)

    def note(self, what: str, sound: Tensor) -> None:
        """Keep an answer of the step that is being taken, a bool []."""
        self._open[what] = sound.detach()

    def end_step(self, step: int) -> None:
        """The step's answers are complete.

        Args:
            step: its number, for `look`. All steps between two looks ask for the same things.
        """
        names, answers = tuple(self._open), torch.stack([*self._open.values()])
        self._open = {}
        if self._steps:
            assert names == self._names
            until_now = self._sound == len(self._steps)
            self._answers = torch.where(until_now, answers, self._answers)
            self._sound = self._sound + (until_now & answers.all())
        else:
            self._names, self._answers, self._sound = names, answers, answers.all().long()
        self._steps.append(step)

    def look(self) -> Wrong | None:
        """Wait for the device; the first step since the last look that was wrong, if one was."""
        if not self._steps:
            return None
        sound, *answers = torch.cat([self._sound.view(1), self._answers.long()]).tolist()
        steps, self._steps = self._steps, []
        if sound == len(steps):
            return None
        named = zip(self._names, answers, strict=True)
        return Wrong(steps[sound], tuple(name for name, answer in named if not answer))
