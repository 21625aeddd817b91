"""Task losses that look at means over time alone, which rules may give the mean of another run."""

from collections.abc import Set

from tssd.objectives import Objective

# What of a term's needs says nothing of the logits.
COUNTS = frozenset({"needs_class_counts"})


def labels_means(term: Objective, *, may_need: Set[str] = COUNTS) -> bool:
    """Whether a term is a task loss for which timesteps are no more than what a mean is of.

    Args:
        term: of a loss.
        may_need: names of needs (`needs_...`) that a rule can meet.
    """
    needs = {need for need in dir(term) if need.startswith("needs_") and getattr(term, need)}
    of_means = term.labelled == "means over time" and not term.compares_timesteps
    return of_means and needs <= may_need
