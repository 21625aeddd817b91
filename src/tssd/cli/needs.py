"""What a dry run found, in lines."""

from tssd.dry_run.estimate import duration, in_gib
from tssd.dry_run.needs import Needs
from tssd.dry_run.shapes import DataShape
from tssd.image_size import height_width


def print_needs(needs: Needs, *, title: str) -> None:
    """A line for each thing that training needs, the whole time last."""
    measured, data = needs.measured, needs.data
    student, teacher, longest = needs.timesteps
    exits = f", and {needs.exit_parameters:,} of exits" if needs.exit_parameters else ""
    batch = str(_batch(data))
    batch += f", shared by {needs.devices} devices" if needs.devices > 1 else ""
    lines = {
        "data": _in_words(data),
        "network": f"{needs.parameters:,} parameters{exits}",
        "a step": f"{duration(measured.step)} for a batch of {batch} (T_s = {student}, T_t "
        f"= {teacher}; {', '.join(needs.terms)}); median of {measured.steps}, on {measured.device}",
        "memory": f"{in_gib(measured.memory)} at most, the data set not counted",
    }
    if (estimate := needs.estimate) is None:
        lines["whole run"] = "unknown: the number of samples is not known without the data"
    else:
        lines["an epoch"] = duration(estimate.epoch)
        lines["evaluation"] = f"{duration(estimate.evaluation)}, at T = 1 to {longest}"
        lines["whole run"] = f"about {duration(estimate.seconds)} on this machine"
        epochs = "1 epoch" if estimate.epochs == 1 else f"{estimate.epochs} epochs"
        unseen = "loading and what devices tell each other" if needs.devices > 1 else "loading"
        lines["whole run"] += f" for {epochs}, {unseen} not counted"
    print(f"{title}: a dry run, nothing is written")
    for name, text in lines.items():
        print(f"  {name:<10}  {text}")
    if data.absent:
        print(f"  no data: {data.absent}")


def _in_words(data: DataShape) -> str:
    kind = "sequences" if data.events else "samples"
    height, width = height_width(data.size)
    shape = f"{data.channels} x {height} x {width}, {data.classes} classes"
    numbers = ""
    if data.sizes is not None:
        numbers = ", ".join(f"{n:,} {part}" for part, n in data.sizes.items()) + " "
    if not data.absent:
        return f"{numbers}{kind} of {shape}"
    known = "guessed, since nothing tells" if data.guessed else "as published"
    return f"not here; in its place {numbers}{kind} of {shape} ({known})"


def _batch(data: DataShape) -> int:
    return data.batch_size if data.sizes is None else min(data.batch_size, data.sizes["train"])
