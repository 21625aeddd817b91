"""Training many runs, one after the other or side by side.

runs = [PlannedRun("digits/tssd", seed, Path(f"runs/digits/tssd/seed{seed}")) for seed in (0, 1)]
for run, outcome in train_all(runs, jobs=2).items():
print(run.folder, outcome.message if isinstance(outcome, Failure) else outcome.last.accuracy)
"""  # noqa: D400, D415 - the summary ends in an example

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tssd.many_runs.failure import Failure, RunFailedError
    from tssd.many_runs.planned import PlannedRun
    from tssd.many_runs.side_by_side import Outcome
    from tssd.many_runs.train import train_all

__all__ = ["Failure", "Outcome", "PlannedRun", "RunFailedError", "train_all"]

_HOMES = {
    "Failure": "failure",
    "Outcome": "side_by_side",
    "PlannedRun": "planned",
    "RunFailedError": "failure",
    "train_all": "train",
}


def __getattr__(name: str) -> Any:
    # A child is a module in here, and answers signals before it waits for torch.
    if name in _HOMES:
        return getattr(import_module(f"tssd.many_runs.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
