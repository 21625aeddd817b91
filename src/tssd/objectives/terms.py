"""What a loss is made of, as it is given: objectives, under names that logs can have."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from tssd.errors import UsageError
from tssd.objectives.base import Objective, Timesteps

# What the weighted sum is logged as, beside the terms.
SUM = "loss"


def check_terms(terms: Mapping[str, Any]) -> None:
    """Refuse what no loss can be composed of.

    Args:
        terms: by name.
    Raises: UsageError: no term or no names, a name that is no word or is taken, a term that is no
        objective, or all weights are 0.
    """
    if not isinstance(terms, Mapping | nn.ModuleDict):
        raise UsageError(
            f"objectives: got a {type(terms).__name__}, expected objectives by name, such as "
            "{'task': TaskCrossEntropy()}"
        )
    if not terms:
        raise UsageError("objectives: none given, expected at least one term, e.g. task")
    for name, term in terms.items():
        if not name.isidentifier() or name == SUM or hasattr(nn.Module, name):
            taken = ", which the sum of all terms is called" if name == SUM else ""
            raise UsageError(f"objectives: got the name {name!r}{taken}, expected a word like task")
        if not isinstance(term, Objective):
            raise UsageError(
                f"objectives.{name}: got {term!r:.80}, expected a tssd.objectives.Objective, such "
                "as TaskCrossEntropy()"
            )
    if not any(term.weight for term in terms.values()):
        raise UsageError("objectives: all weights are 0, expected one > 0, or nothing is learnt")


def check_plan(timesteps: object, exits: object) -> None:
    """Refuse what says nothing of how long the network runs, or where exits stand.

    Raises: UsageError: no `Timesteps`, or something else than a plan of exits.
    """
    if not isinstance(timesteps, Timesteps):
        raise UsageError(
            f"timesteps: got {timesteps!r:.80}, expected the student's and the teacher's, such as "
            "tssd.Timesteps(1, 4)"
        )
    if exits is not None and not hasattr(exits, "build"):
        raise UsageError(
            f"exits: got {exits!r:.80}, expected where they stand and how they are built, such as "
            "tssd.objectives.ExitPlan([2])"
        )
