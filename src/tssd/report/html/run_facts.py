"""What a run is and what its training took: its data, timesteps, epochs and teachers."""

from tssd.report.html.elements import Content, Html, element, together
from tssd.report.html.rounding import digits, from_one, percent, plain, whole
from tssd.report.html.sourced import Sourced, shown
from tssd.report.html.tables import facts
from tssd.runs.which_epoch import epoch_in_words


def run_facts(results: Sourced) -> Html:
    """Names with their values."""
    sizes, steps = results["split_sizes"], results["timesteps"]
    best = shown(results["best"]["epoch"], from_one)
    evaluated = results[results.value.selected]["timesteps"]
    known: list[tuple[str, Content]] = [
        ("weights", epoch_in_words(results.value)),
        ("data set", shown(results["dataset"], digits)),
        ("split hash", element("code", None, shown(results["split_hash"], digits))),
        *[(f"{name} samples", shown(sizes[name], whole)) for name in sizes.value or ()],
        ("seed", shown(results["seed"], plain)),
        ("timesteps of the student, T_s", shown(steps["student"], digits)),
        ("timesteps of the teacher, T_t", shown(steps["teacher"], digits)),
        ("evaluated up to T", shown(evaluated, digits)),
        ("epochs", shown(results["epochs"], whole)),
        *[("changed on resume", _change(change)) for change in results["changes"]],
        *_stop(results["stopped"]),
        (
            "best epoch on validation",
            best if sizes["val"].value != 0 else "none, for there are no validation samples",
        ),
        ("training took", together([shown(results["train_seconds"], digits), " s"])),
        *_training(results["training"]),
    ]
    return facts(known)


def _change(change: Sourced) -> Html:
    """Another number of epochs, given on resuming."""
    return together(
        [
            shown(change["option"], digits),
            " from ",
            shown(change["from"], whole),
            " to ",
            shown(change["to"], whole),
            " after ",
            shown(change["epochs_trained"], whole),
            " epochs",
        ]
    )


def _stop(stop: Sourced) -> list[tuple[str, Html]]:
    """That a callback has stopped it, and why."""
    if not stop:
        return []
    why = [shown(stop["planned"], whole), " epochs were planned; ", shown(stop["reason"], digits)]
    return [("stopped early", together(why))]


def _training(cost: Sourced) -> list[tuple[str, Html]]:
    """What the training took in operations, and how soon it was how good."""
    named = [
        ("network steps a training sample", "network_steps", whole, ""),
        ("training operations, multiply-accumulates x 2", "operations", digits, ""),
        ("training took without validation", "seconds", digits, " s"),
    ]
    known = [
        (name, together([shown(cost[key], form), unit]))
        for name, key, form, unit in named
        if cost[key]
    ]
    levels = cost["seconds_to"]
    teachers = cost["teachers"]
    known += [(f"teacher {n}", _teacher(teachers[n])) for n in teachers.value or ()]
    return known + [
        (f"until {level} % on validation", together([shown(levels[level], digits), " s"]))
        for level in levels.value or ()
    ]


def _teacher(cost: Sourced) -> Html:
    """What a teacher that is a run of its own took."""
    parts: list[Html] = [shown(cost["run"], digits)]
    for key, form, words in (
        ("accuracy", percent, " % on its test samples"),
        ("network_steps", whole, " network steps a training sample"),
        ("operations", digits, " training operations"),
        ("seconds", digits, " s of training without validation"),
        ("answers", digits, " operations for its answers"),
    ):
        if cost[key]:
            parts.append(together(["; ", shown(cost[key], form), words]))
    return together(parts)
