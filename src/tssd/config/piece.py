"""One piece of a composed recipe: what it says, and what a composition has to know about it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from tssd.config.recipe import Config, Layer, file_content, merge

# Rooms of which a recipe has one piece, and where a file says that it is that piece.
ONE = {"data": "data", "nets": "net", "scales": None, "methods": "objectives.task"}


@dataclass(frozen=True)
class Piece:
    """One word of a composed name.

    Args:
        name: as it is typed.
        room: where the package has it; None: it is a file.
        layers: what it says, its bases first.
        extends: whether it is a file that extends others, and so has the last word.
        needs: what it is good for only, in the words of `tssd.config.contradictions`.
        network: the network that it takes where none is named, by a scale.
        runs_at: of student and teacher, which one has the timesteps of which, by a method.
        longest: whose timesteps a network runs for at most, by a part with parameters for each one.
    """

    name: str
    room: str | None
    layers: tuple[Layer, ...]
    extends: bool = False
    needs: str = ""
    network: str = ""
    runs_at: dict[str, str] = field(default_factory=dict)
    longest: str = ""

    @classmethod
    def packaged(cls, path: str) -> Self:
        """A file of the package, such as `nets/vgg9`, after those that it extends.

        Beside the sections of a recipe it may say what it `needs`, a scale which `network` it
        takes where none is named, a part with parameters for each timestep `longest: teacher`, and
        a method by a word whose timesteps it runs at: `timesteps: {teacher: student}`.
        """
        room, _, name = path.partition("/")
        needs, network, longest, runs_at = "", "", "", dict[str, str]()
        layers = []
        for source, said in _with_bases(path):
            config = dict(said)
            needs = config.pop("needs", needs)
            network = config.pop("network", network)
            longest = config.pop("longest", longest)
            if steps := config.get("timesteps"):
                words = {who: of for who, of in steps.items() if isinstance(of, str)}
                runs_at |= words
                config["timesteps"] = {who: t for who, t in steps.items() if who not in words}
            layers.append(Layer(source, config))
        said = {"needs": needs, "network": network, "runs_at": runs_at, "longest": longest}
        return cls(name, room, tuple(layers), **said)

    def turned(self, pair: Config) -> Config:
        """A pair of timesteps as the method has it, who may run at one of them alone."""
        return pair | {who: pair[of] for who, of in self.runs_at.items() if of in pair}

    @property
    def config(self) -> Config:
        """What it says, in one mapping."""
        return merge(list(self.layers))

    @property
    def options(self) -> list[tuple[str, Any]]:
        """The options that it sets, by their dotted names, with their values."""
        return [(name, value) for name, value in leaves(self.config) if name != "description"]

    @property
    def fills(self) -> list[str]:
        """The rooms of which this is the one piece."""
        if self.room is not None:
            return [self.room] if self.room in ONE else []
        said = dict(self.options)
        return [room for room, option in ONE.items() if option in said]


def leaves(config: Config, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every option that a mapping sets, by its dotted name; a class is the value of its option.

    >>> list(leaves({"net": {"class_path": "a.B", "init_args": {"width": 1}}}))
    [('net', 'a.B'), ('net.width', 1)]
    """
    for key, value in config.items():
        option = above if key in ("class_path", "init_args") else f"{above}.{key}".lstrip(".")
        if isinstance(value, dict):
            yield from leaves(value, option)
        else:
            yield option, value


def _with_bases(path: str) -> list[Layer]:
    bases, config = file_content(path)
    return [*(layer for base in bases for layer in _with_bases(base)), Layer(path, config)]
