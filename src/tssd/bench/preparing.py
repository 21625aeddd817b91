"""A trained network written for each runtime that can have it, and why others can't."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from tssd.bench.runtimes import Opening, Runtime
from tssd.errors import TssdError
from tssd.exporting.request import Request, Weights
from tssd.graph import Graph
from tssd.lowering import lower
from tssd.reopened.load import load


class Prepared(NamedTuple):
    """Runtimes that can open the network, by name why others can't, and what gives its graph."""

    ready: list[Runtime]
    absent: dict[str, str]
    graph: Callable[[], Graph]


def prepare(
    opening: Opening,
    runtimes: Sequence[Runtime],
    requests: Mapping[Weights, Mapping[int, Request]],
    *,
    images: bool,
) -> Prepared:
    """Write what runtimes open into the folder.

    Args:
        opening: of which network, and where to.
        runtimes: those that are wanted.
        requests: for each kind of weights and T.
        images: whether inputs are images, and no frames.
    Raises: TssdError: the network can't be loaded.
    """

    @cache
    def graph() -> Graph:
        return lower(load(opening.run, epoch=opening.epoch, trust=opening.trust))

    found = Prepared([], {}, graph)
    for runtime in runtimes:
        if (missing := runtime.missing()) is not None:
            found.absent[runtime.name] = missing
            continue
        try:
            if runtime.write is not None:
                folder = opening.folder / runtime.name
                folder.mkdir()
                runtime.write(folder, graph(), requests[runtime.weights], images)
        except TssdError as error:  # what a format can't say, others may
            found.absent[runtime.name] = str(error)
        else:
            found.ready.append(runtime)
    return found
