"""Train several runs, one after the other or side by side."""

from collections.abc import Callable, Sequence

from tssd.config import load_recipe
from tssd.errors import UsageError
from tssd.many_runs import here
from tssd.many_runs.planned import PlannedRun
from tssd.many_runs.side_by_side import Outcome, side_by_side
from tssd.runs.folder import RunFolder
from tssd.runs.folder_names import refuse_shared
from tssd.training.settings import TrainerSettings


def train_all(
    runs: Sequence[PlannedRun],
    *,
    jobs: int = 1,
    begins: Callable[[PlannedRun], object] = lambda run: None,
    ended: Callable[[PlannedRun, Outcome], object] = lambda run, outcome: None,
    said: Callable[[PlannedRun, str], object] = lambda run, line: None,
) -> dict[PlannedRun, Outcome]:
    """Train what is not trained yet; for each run its results, or the `Failure` that it has none.

    A run that fails does not keep the others from going on.

    Args:
        runs: what to train.
        jobs: how many at a time; more than one are processes of their own. One that is left alone
            has the share of the processor that it would have beside others.
        begins: told of a run before this process trains it, or finds it trained. Runs side by side
            begin untold.
        ended: told of a run and its outcome as it ends. What it raises stops the others: later ones
            do not begin, and those that are under way can be continued.
        said: told, before, of each line that a run side by side has left on standard error, such as
            a warning.
    Raises: UsageError: two runs that would share a folder, a folder that holds a run of another
        length, or a run to be trained on several devices. KeyboardInterrupt: Ctrl-C.
    """
    refuse_other_lengths(runs)
    refuse_shared((run.folder, f"{run.recipe}, seed {run.seed}") for run in runs)
    missing = [run for run in runs if not RunFolder(run.folder).is_finished]
    refuse_several_devices(missing)
    found: dict[PlannedRun, Outcome] = {}
    if jobs > 1 and len(missing) > 1:
        found = side_by_side(missing, jobs, ended, said)
    for run in runs:
        if run not in found:
            begins(run)
            with here.share_of(jobs):
                found[run] = here.outcome(run)
            ended(run, found[run])
    return {run: found[run] for run in runs}


def refuse_several_devices(runs: Sequence[PlannedRun]) -> None:
    """A run on several devices is a program that runs once for each, so it is trained by itself.

    Raises: UsageError: one of these would be trained so.
    """
    for recipe, options in dict.fromkeys((run.recipe, run.options) for run in runs):
        trainer = load_recipe(recipe, options)["trainer"]
        for name in ("devices", "nodes"):
            if (number := trainer.get(name, 1)) != 1:
                raise UsageError(
                    f"trainer.{name}: got {number}, but many runs are trained on one device each; "
                    f"train each with `tssd train {recipe} --trainer.{name} {number} --seed ...`, "
                    "and it is found here"
                )


def refuse_other_lengths(runs: Sequence[PlannedRun]) -> None:
    """Runs that are compared have one length; resumed alone, they could be given another.

    Raises: UsageError: a run that is there has another number of epochs than is asked for.
    """
    wanted = {
        (recipe, options): load_recipe(recipe, options)["trainer"].get(
            "epochs", TrainerSettings.epochs
        )
        for recipe, options in dict.fromkeys((run.recipe, run.options) for run in runs)
    }
    for run in runs:
        folder = RunFolder(run.folder)
        if folder.config.exists():
            trainer = folder.read_config().get("trainer")
            found = trainer.get("epochs") if isinstance(trainer, dict) else None
            expected = wanted[run.recipe, run.options]
            if found != expected:
                raise UsageError(
                    f"{run.folder}: the run has trainer.epochs = {found}, now it is "
                    f"{expected}; give the same, or choose another --output"
                )
