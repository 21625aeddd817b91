"""Which epoch's weights a number is about, and how that is said."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

Epoch = Literal["best", "last"]
EPOCHS: Mapping[str, str] = {"best": "best epoch on the validation samples", "last": "last epoch"}
# With fewer validation samples the standard error of an accuracy of 90 % is above one point.
ENOUGH = 1000

Results = Mapping[str, Any]


def counted(results: Results) -> Epoch:
    """The epoch that counts for a run by its recipe; the best for runs that do not say."""
    return "last" if results.get("selected") == "last" else "best"


def epoch_in_words(results: Results, epoch: Epoch | None = None) -> str:
    """Whose weights a run's numbers are of; never "best" where nothing could be compared.

    >>> epoch_in_words({"split_sizes": {"val": 0}})
    'last epoch (there were no validation samples to choose by)'
    >>> epoch_in_words({"split_sizes": {"val": 145}})
    'best epoch on the 145 validation samples, so few that the choice is partly chance'

    Args:
        results: of the run.
        epoch: that was asked for; None = the one that counts.
    """
    epoch = epoch or counted(results)
    sizes = results.get("split_sizes")
    count = sizes.get("val") if isinstance(sizes, Mapping) else None
    if count == 0:
        return "last epoch (there were no validation samples to choose by)"
    if epoch == "last" and counted(results) == "last" and results.get("selected_because"):
        return f"last epoch ({results['selected_because']})"
    if epoch == "best" and isinstance(count, int):
        few = ", so few that the choice is partly chance" * (count < ENOUGH)
        return f"best epoch on the {count} validation samples{few}"
    return EPOCHS[epoch]


def epochs_in_words(runs: Iterable[Results], epoch: Epoch | None = None) -> str:
    """The same of several runs, which may differ.

    >>> epochs_in_words([{}, {"selected": "last"}, {}])
    'best epoch on the validation samples (2 runs), last epoch (1 run)'
    """
    words = [epoch_in_words(results, epoch) for results in runs]
    found = {word: words.count(word) for word in words}
    if len(found) == 1:
        return words[0]
    return ", ".join(f"{word} ({n} run{'s' * (n != 1)})" for word, n in found.items())
