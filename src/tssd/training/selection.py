"""Which epoch's weights are the result of a run."""

from typing import Literal, NamedTuple

from tssd.errors import UsageError

Select = Literal["auto", "best", "last"]

# From this many validation samples on, the best epoch on them is more than chance: the standard
# error of an accuracy of 90 % is below one point (docs/adr/0011-which-epoch-counts.md).
ENOUGH = 1000


class Selected(NamedTuple):
    """The epoch that counts, best or last, and why."""

    epoch: Literal["best", "last"]
    reason: str


def select(wanted: Select, samples: int) -> Selected:
    """Which epoch counts.

    >>> select("auto", 144)
    Selected(epoch='last', reason='144 validation samples are too few to choose by, below 1000')

    Args:
        wanted: best on the validation samples, last, or auto: by the number of these.
        samples: number of validation samples.
    Raises: UsageError: the best is wanted, and there are no validation samples.
    """
    if wanted == "last":
        return Selected("last", "trainer.select is last")
    if wanted == "best":
        if samples == 0:
            raise UsageError(
                "trainer.select: got best, but there are no validation samples to tell it by; "
                "raise --data.val_share, or use --trainer.select last"
            )
        return Selected("best", f"trainer.select is best; {samples} validation samples")
    if samples == 0:
        return Selected("last", "there are no validation samples")
    if samples < ENOUGH:
        return Selected(
            "last", f"{samples} validation samples are too few to choose by, below {ENOUGH}"
        )
    return Selected("best", f"{samples} validation samples")
