"""The recipe of a teacher that is trained before its student: the student's own, pieces over it."""

from tssd.config.compose import layers
from tssd.config.load import check
from tssd.config.options import content
from tssd.config.pieces import BASE, room_of, rooms
from tssd.config.recipe import Config, Layer, merge
from tssd.config.sections import with_defaults
from tssd.config.short_names import spell_out
from tssd.config.suggest import nearest
from tssd.errors import UsageError

# What a teacher has of its student unless a piece says otherwise.
SHARED = ("seed", "data", "net", "optimizer", "schedule", "trainer")
# What its task loss has of the student's, whatever class that is.
OF_TASK = ("label_smoothing", "class_weights")
# Where the pieces are from. Names of the package alone, never files: a run folder, which a stranger
# may have made, can name them.
ROOMS = ("nets", "scales", "parts")


def teacher_recipe(config: Config, pieces: str, *, in_time: bool) -> Config:
    """A complete recipe of the teacher: labels alone, on the student's data.

    Args:
        config: the student's recipe, from `load_recipe`.
        pieces: what it is, such as `ann`, or `resnet34+ann` for a larger one.
        in_time: whether samples are sequences. Then it sees all T_t frames, and not the first
            alone, which a piece with T = 1 would mean.
    Raises: UsageError: no such pieces, or they don't fit the student's network.
    """
    steps = content(config["timesteps"])["teacher"]
    every = {"student": steps, "teacher": steps}
    found = [Layer("student", _shared(config) | {"timesteps": every}), *_layers(pieces)]
    merged = merge(found)
    if in_time:
        merged["timesteps"] = every
    merged["description"] = f"teacher: {merged.get('description') or pieces}"
    made = with_defaults(spell_out(merged))
    check(made, found)
    return made


def _shared(config: Config) -> Config:
    task = content(config.get("objectives", {}).get("task"))
    kept = {name: task[name] for name in OF_TASK if name in task}
    labels = {"class_path": "tssd.objectives.TaskCrossEntropy", "init_args": kept}
    own = {name: config[name] for name in SHARED if name in config}
    return own | {"objectives": {"task": labels}}


def _layers(pieces: str) -> list[Layer]:
    for word in pieces.split("+"):
        if room_of(word) not in ROOMS:
            known = [name for room in ROOMS for name in rooms()[room]]
            raise UsageError(
                f"recipe: {word!r} in {pieces!r} is no network, scale or part of the package; "
                f"{nearest(word, known)}, or train it by itself and give its folder as run"
            )
    # As if a file, the student's recipe, extended them: then they need not be a whole recipe.
    return [layer for layer in layers(pieces, ("student",)) if layer.source != BASE]
