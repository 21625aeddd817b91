"""Recipes by name: compositions such as `cifar10+vgg9+tssd`, aliases of them, and YAML files.

Every name becomes a list of layers, which `tssd.config.recipe.merge` merges in this order.
"""

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path

from tssd.config.arrange import arrange
from tssd.config.piece import Piece
from tssd.config.pieces import FORMER, ROOMS, aliases, path_of, recipe_names, room_of, rooms
from tssd.config.recipe import Config, Layer, file_content, is_packaged
from tssd.config.suggest import nearest
from tssd.errors import UsageError
from tssd.runs.folder_names import folder_name


def layers(name: str, above: tuple[str, ...] = ()) -> list[Layer]:
    """A recipe and all that it extends, in the order in which they are merged.

    Args:
        name: pieces with `+` between them, each the name of one in the package, of an alias, or the
            path of a YAML file; or one file or run folder.
        above: the files that extend this one, outermost first.
    Raises: UsageError: unknown, not YAML, extending itself, or pieces that contradict each other or
        do not make a whole recipe.
    """
    words = words_of(name)
    if words is not None:
        pieces = [piece for word in words for piece in _pieces(word, name, above)]
        return arrange(name, pieces, whole=not above)
    bases, config = _content(name, above)
    found: list[Layer] = []
    for base in _joined(bases):
        found += layers(base, (*above, name))
    return [*found, Layer(name, config)]


def words_of(name: str) -> list[str] | None:
    """The pieces of a composed name or an alias; None for a file."""
    words = [word for part in name.split("+") for word in aliases().get(part, part).split("+")]
    known = all(map(room_of, words))
    is_file = "+" not in name or is_packaged(name) or os.path.exists(name)
    return list(dict.fromkeys(words)) if known or not is_file else None


def canonical(name: str) -> str:
    """The one name of a composition, whatever the order in which its pieces are typed.

    An alias, a former name and a file keep theirs: so they find the runs that they have.

    >>> canonical("tssd+digits+vgg9")
    'digits+vgg9+tssd'
    """
    if name in aliases() or (words := words_of(name)) is None:
        return name
    order = {piece: (place, piece) for place, room in enumerate(rooms().values()) for piece in room}
    order |= {old: order[new] for old, new in FORMER.items()}
    # What comes later wins among files, so that their order stays.
    return "+".join(sorted(words, key=lambda word: order.get(word, (len(ROOMS), ""))))


def composition_of(name: str) -> str:
    """The same with an alias spelled out, and former names as they are now."""
    return canonical("+".join(FORMER.get(word, word) for word in words_of(name) or [name]))


def matching(pattern: str) -> list[str]:
    """Recipes by a name with `*`: aliases, or compositions with each method that fits.

    >>> matching("digits+vgg9+vanilla_*")
    ['digits+vgg9+vanilla_ts', 'digits+vgg9+vanilla_tt']
    """
    if "+" not in pattern:
        return [name for name in recipe_names() if fnmatch(name, pattern)]
    words = pattern.split("+")
    methods = [m for m in rooms()["methods"] for word in words if "*" in word and fnmatch(m, word)]
    kept = [word for word in words if "*" not in word]
    if any(word in rooms()["methods"] for word in kept):
        return []  # it has a method already
    return [canonical("+".join([*kept, method])) for method in methods]


def folder_of(name: str) -> str:
    """What the folder of a composition's runs is called: a relative path, always downwards.

    Compositions that differ in order only share it; an alias has its own.

    Args:
        name: of a composition or an alias. Files in it are called by their path from here, or by
            their own name if they are elsewhere.
    """
    if name in aliases():
        return name
    here = Path.cwd()
    words = []
    for word in canonical(name).split("+"):
        path = Path(os.path.abspath(word))
        if room_of(word) is not None:
            words.append(word)
        elif path.is_relative_to(here):
            words.append(path.relative_to(here).as_posix().replace("/", "-"))
        else:
            words.append(path.name)
    return folder_name("+".join(words))


def _pieces(word: str, asked: str, above: tuple[str, ...]) -> Iterator[Piece]:
    """A piece of a composed name; a file brings those that it extends."""
    if (path := path_of(word)) is not None:
        yield Piece.packaged(path)
        return
    if word != asked:
        _refuse_unknown(word, asked, above)
    bases, config = _content(word, above)
    for base in bases:
        for inner in words_of(base) or [base]:
            yield from _pieces(inner, base, (*above, word))
    yield Piece(word, None, (Layer(word, config),), extends=bool(bases))


def _refuse_unknown(word: str, asked: str, above: tuple[str, ...]) -> None:
    where = f"{above[-1]}: extends" if above else "recipe"
    if os.path.isdir(word):
        raise UsageError(f"{where}: {word!r} in {asked!r} is a folder, expected a piece or a file")
    if os.path.isfile(word):
        return
    if word.endswith((".yaml", ".yml")):
        raise UsageError(f"{where}: there is no file {word!r}")
    known = [*(piece for room in rooms().values() for piece in room), *recipe_names()]
    raise UsageError(
        f"{where}: {word!r} in {asked!r} is neither a piece of a recipe nor a YAML file; "
        f"{nearest(word, known)} (`tssd recipes` lists all)"
    )


def _content(name: str, above: tuple[str, ...]) -> tuple[list[str], Config]:
    """What a file extends, with paths beside it found, and what it says."""
    if name in above:
        circle = " -> ".join([*above[above.index(name) :], name])
        raise UsageError(f"{above[-1]}: extends: it goes in a circle, {circle}")
    bases, config = file_content(name, f"{above[-1]}: extends" if above else "recipe")
    return [_beside(name, base) for base in bases], config


def _beside(name: str, base: str) -> str:
    """A base, its words by their paths where they are files beside the one that extends."""
    words = [base] if os.path.isfile(Path(name).parent / base) else base.split("+")
    found = ((word, str(Path(name).parent / word)) for word in words)
    return "+".join(path if os.path.isfile(path) else word for word, path in found)


def _joined(bases: list[str]) -> Iterator[str]:
    """Bases, those of the package that stand side by side as one composition."""
    for composed, group in groupby(bases, key=lambda base: words_of(base) is not None):
        names = list(group)
        yield from ["+".join(names)] if composed else names
