"""Pieces of a recipe put in order, whatever the order they are named in."""

from collections.abc import Sequence
from typing import Any

from tssd.config.contradictions import check_needs, check_one_of_each, check_parts, check_task
from tssd.config.piece import Piece, leaves
from tssd.config.pieces import BASE, combinations
from tssd.config.recipe import Config, Layer, file_content, merge

# What is merged after what. A network of one's own comes after the sizes that data and scales give
# the package's networks, and parts after the method whose terms they may change.
ORDER = ("nets", "data", "scales", "own net", "methods", "parts", "files")
# What a description says one after the other.
SPOKEN = ("data", "nets", "own net", "scales", "parts", "files", "methods")
# The method of a recipe that names none.
PLAIN = "methods/vanilla_ts"


def arrange(name: str, pieces: Sequence[Piece], *, whole: bool) -> list[Layer]:
    """Layers in the order in which they are merged, the last one with what follows from all.

    Args:
        name: the composed name, for messages.
        pieces: at least one.
        whole: whether they have to make a recipe; otherwise a file adds what is missing.
    Raises: UsageError: two pieces contradict each other, or one is missing; names them.
    """
    pieces = list({piece.name: piece for piece in pieces}.values())
    if whole:
        pieces += _brought(name, pieces)
    filled = check_one_of_each(name, pieces, whole=whole)
    if whole and "methods" not in filled:
        pieces.append(Piece.packaged(PLAIN))
    names = {piece.name for piece in pieces if piece.room}
    together = [path for words, path in combinations().items() if words <= names]
    pieces = sorted([*pieces, *map(Piece.packaged, together)], key=_place)
    check_parts(name, [piece for piece in pieces if piece.room == "parts"])
    check_task(name, pieces)
    found = [Layer(BASE, file_content(BASE)[1])]
    found += [layer for piece in pieces for layer in piece.layers]
    merged = merge(found)
    steps = _timesteps(merged.get("timesteps"), pieces)
    check_needs(name, pieces, steps)
    # Only what a method turned round, so that a mistake in a file's pair is told as that file's.
    turned = {who: t for who, t in steps.items() if any(who in p.runs_at for p in pieces)}
    follows: Config = {"description": _description(pieces, steps)}
    follows |= {"timesteps": turned} if turned else {}
    if _looks_too_far(merged, pieces, steps):
        follows["trainer"] = {"evaluate_timesteps": None}  # as far as the network runs
    return [*found, Layer(name, follows)]


def _brought(name: str, pieces: Sequence[Piece]) -> list[Piece]:
    """The network of a scale that has one, where none is named."""
    if "nets" in check_one_of_each(name, pieces, whole=False):
        return []
    return [Piece.packaged(f"nets/{piece.network}") for piece in pieces if piece.network]


def _place(piece: Piece) -> tuple[int, int, int]:
    """Its place in `ORDER`; there, what pieces need together comes last, and a class first."""
    role = _role(piece)
    depth = min((option.count(".") for option, _ in piece.options), default=0)
    return ORDER.index(role), "+" in piece.name, depth if role == "parts" else 0


def _role(piece: Piece) -> str:
    """What it is among `ORDER`. A file may be the data set or the network."""
    if piece.room:
        return piece.room
    fills = [] if piece.extends else piece.fills
    return "data" if "data" in fills else "own net" if "nets" in fills else "files"


def _timesteps(pair: Any, pieces: Sequence[Piece]) -> Config:
    """Student's and teacher's, as the method has them; {} where a file says what is no pair."""
    if not isinstance(pair, dict):
        return {}
    for piece in pieces:
        pair = piece.turned(pair)
    return pair


def _looks_too_far(merged: Config, pieces: Sequence[Piece], steps: Config) -> bool:
    """Whether the data, say, wants to see more timesteps than a part leaves a network.

    What a file wants is not given up unasked.
    """
    most = [steps.get(piece.longest) for piece in pieces if piece.longest]
    asked = any("trainer.evaluate_timesteps" in dict(p.options) for p in pieces if p.room is None)
    wanted = dict(leaves(merged)).get("trainer.evaluate_timesteps")
    return not asked and any(m is not None and wanted is not None and wanted > m for m in most)


def _description(pieces: Sequence[Piece], steps: Config) -> str:
    """What the pieces say about themselves, one after the other."""
    said: list[str] = []
    for role in SPOKEN:
        texts = {
            piece.name: str(text)
            for piece in pieces
            if _role(piece) == role and (text := piece.config.get("description"))
        }
        # What pieces need together says more than each of them.
        said += [
            text
            for name, text in texts.items()
            if not any(name in other.split("+") and name != other for other in texts)
        ]
    text = ", ".join(said)
    for who, t in steps.items():
        text = text.replace(f"{{{who}}}", str(t))
    return text
