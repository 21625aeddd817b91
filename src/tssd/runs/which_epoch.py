"""Which epoch's weights are the result of a run, and how that is said."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from tssd.errors import UsageError
from tssd.runs.results import Epoch, Results

Select = Literal["auto", "best", "last"]

# From this many validation samples on, the best epoch on them is more than chance: the standard
# error of an accuracy of 90 % is below one point (docs/adr/0011-which-epoch-counts.md).
ENOUGH = 1000

EPOCHS: Mapping[Epoch, str] = {
    "best": "best epoch on the validation samples",
    "last": "last epoch",
}


class Selected(NamedTuple):
    """The epoch that counts, best or last, and why."""

    epoch: Epoch
    reason: str


def select(wanted: Select, samples: int, *, tested: bool = False) -> Selected:
    """Which epoch counts.

    >>> select("auto", 144)
    Selected(epoch='last', reason='144 validation samples are too few to choose by, below 1000')

    Args:
        wanted: best on the validation samples, last, or auto: by the number of these.
        samples: number of validation samples.
        tested: whether they are the test samples, too.
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
    if tested:
        return Selected("last", "the validation samples are the test samples")
    if samples < ENOUGH:
        return Selected(
            "last", f"{samples} validation samples are too few to choose by, below {ENOUGH}"
        )
    return Selected("best", f"{samples} validation samples")


def refuse_unseen(selected: Selected, every: int, *, epochs: int) -> None:
    """Refuse a run whose best epoch is to count though none is validated.

    Args:
        selected: the epoch that is to count.
        every: epochs from one validation to the next.
        epochs: of the run.
    Raises: UsageError: there are fewer epochs than that.
    """
    if selected.epoch == "best" and every > epochs:
        raise UsageError(
            f"trainer.check_val_every_n_epoch: got {every}, but of {epochs} epochs none is "
            f"validated then, and the best is to count ({selected.reason}); give {epochs} or less, "
            "or --trainer.select last"
        )


def epoch_in_words(results: Results, epoch: Epoch | None = None) -> str:
    """Whose weights a run's numbers are of; never "best" where nothing could be compared.

    Args:
        results: of the run.
        epoch: that was asked for; None = the one that counts.
    """
    epoch = epoch or results.selected
    count = results.validation_samples
    if count == 0:
        return "last epoch (there were no validation samples to choose by)"
    if epoch == "last" and results.selected == "last" and results.selected_because:
        return f"last epoch ({results.selected_because})"
    if epoch == "best" and count is not None:
        few = ", so few that the choice is partly chance" * (count < ENOUGH)
        return f"best epoch on the {count} validation samples{few}"
    return EPOCHS[epoch]


def epochs_in_words(runs: Iterable[Results], epoch: Epoch | None = None) -> str:
    """The same of several runs, which may differ."""
    return counted_words(epoch_in_words(results, epoch) for results in runs)


def counted_words(words: Iterable[str]) -> str:
    """What several runs say, with how many say it where they differ."""
    found = Counter(words)
    if len(found) == 1:
        return next(iter(found))
    return ", ".join(f"{word} ({n} run{'s' * (n != 1)})" for word, n in found.items())
