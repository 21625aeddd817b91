"""What does not go together in a composed recipe, refused with the names of both."""

from collections.abc import Sequence

from tssd.config.piece import ONE, Piece, leaves
from tssd.config.pieces import ROOMS, rooms
from tssd.config.recipe import Config, merge
from tssd.errors import UsageError

# What data is made of, as a piece may need it, and in words.
KINDS = {"events": "event data", "images": "images"}
# What all event data sets of the package extend.
EVENTS = "data/_events"
# Where the task loss stands.
TASK = ONE["methods"]
# The need of a method whose teacher has to run for longer than its student.
LONGER_TEACHER = "longer teacher"


def check_one_of_each(name: str, pieces: Sequence[Piece], *, whole: bool) -> dict[str, str]:
    """Which piece is the data set, which the network and so on.

    Args:
        name: the composed name, for messages.
        pieces: as they are typed.
        whole: whether data and network have to be among them.
    Raises: UsageError: there are two, or none.
    """
    filled: dict[str, str] = {}
    for piece in pieces:
        for room in piece.fills:
            other = filled.setdefault(room, piece.name)
            # A file that extends others may change what they are.
            if other != piece.name and not piece.extends:
                raise UsageError(
                    f"{name}: two {ROOMS[room]}s, {other} and {piece.name}; leave one out"
                )
    for room in ("data", "nets") if whole else ():
        if room not in filled:
            kind = "data" if room == "data" else ROOMS[room]
            own = "" if room == "data" else "; one of your own, --net CLASS, takes its place"
            raise UsageError(f"{name}: no {kind}: add one of {', '.join(rooms()[room])}{own}")
    return filled


def check_parts(name: str, parts: Sequence[Piece]) -> None:
    """Refuse two parts of which one undoes what the other does.

    Args:
        name: the composed name.
        parts: of the package, in the order in which they are merged.
    Raises: UsageError: names the option.
    """
    merged = dict(leaves(merge([layer for part in parts for layer in part.layers])))
    for place, part in enumerate(parts):
        lost = [option for option, value in part.options if merged.get(option) != value]
        for option in lost[:1]:
            other, changed = next(
                (later.name, changed)
                for later in parts[place + 1 :]
                for changed, _ in later.options
                if f"{option}.".startswith(f"{changed}.")
            )
            raise UsageError(f"{name}: {part.name} and {other} both set {changed}; leave one out")


def check_task(name: str, pieces: Sequence[Piece]) -> None:
    """Refuse a file whose task loss would take the place of a part's without a word.

    One that extends others has the last word, and a part has it over its method.

    Args:
        name: the composed name.
        pieces: all of it.
    Raises: UsageError: names both.
    """
    tasks = [piece for piece in pieces if TASK in dict(piece.options)]
    parts = [piece.name for piece in tasks if piece.room == "parts"]
    files = [piece.name for piece in tasks if piece.room is None and not piece.extends]
    if parts and files:
        raise UsageError(
            f"{name}: {parts[0]} and {files[0]} both set {TASK}, two task losses; leave one out"
        )


def check_needs(name: str, pieces: Sequence[Piece], steps: Config) -> None:
    """Refuse a piece where what it needs is not so.

    Args:
        name: the composed name.
        pieces: all of it.
        steps: timesteps of student and teacher.
    Raises: UsageError: names the piece, and what is in its way.
    """
    of_events = any(layer.source == EVENTS for piece in pieces for layer in piece.layers)
    # What data of one's own is made of is only known if it extends those for events.
    rooms_of_data = ("data", None) if of_events else ("data",)
    data = next((p for p in pieces if "data" in p.fills and p.room in rooms_of_data), None)
    kind = "events" if of_events else "images"
    for piece in pieces:
        if data and piece.needs in KINDS and piece.needs != kind:
            wanted, found = KINDS[piece.needs], KINDS[kind]
            raise UsageError(f"{name}: {piece.name} is for {wanted}, and {data.name} is {found}")
        if piece.needs == LONGER_TEACHER and not _is_longer(steps):
            source = next(p.name for p in reversed(pieces) if "timesteps" in p.config)
            raise UsageError(
                f"{name}: {piece.name} needs T_t > T_s, but with {source} it is T_s = "
                f"{steps['student']} and T_t = {steps['teacher']}"
            )


def _is_longer(steps: Config) -> bool:
    """Whether T_t > T_s; what are no numbers is told elsewhere."""
    student, teacher = steps.get("student"), steps.get("teacher")
    return not (isinstance(student, int) and isinstance(teacher, int)) or teacher > student
