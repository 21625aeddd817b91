"""From a run to a folder of files for another runtime, checked and measured."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path

from torch import nn

from tssd.data.loading import one_line_failures
from tssd.errors import DataError, UsageError
from tssd.exporting.comparison import Comparison, compare, own_rounding, run_network
from tssd.exporting.facts import facts_of
from tssd.exporting.folder import check_free, emptied, new_folder
from tssd.exporting.formats import entry_of, format_of
from tssd.exporting.measure import Measured, array, measure
from tssd.exporting.request import Request, SoftReset, UnsupportedError, Weights
from tssd.exporting.samples import calibration_samples, some_test_samples
from tssd.graph import Graph
from tssd.hub.locate import located
from tssd.lowering import lower
from tssd.models.base import Tap
from tssd.reopened.open_run import OpenRun, Override, open_run
from tssd.reopened.same_data import compare_data
from tssd.runs.folder import RunFolder, write_json
from tssd.runs.results import Epoch
from tssd.tracked import tracked

# Beside the files of every format: what is known of them.
FACTS = "export.json"
# Samples for the calibration of weights of fewer bits.
CALIBRATION = 64
# Spikes that are compared at once, which bound the memory: a few times 256 MB.
SPIKES = 1 << 26


@dataclass(frozen=True)
class Exported:
    """What was written, and how it does.

    Args:
        files: their names and sizes in bytes.
        comparison: with the network, spike by spike, on some test samples.
        measured: on all test samples.
    """

    files: dict[str, int]
    comparison: Comparison
    measured: Measured


def export(
    run: str,
    name: str,
    output: Path,
    overrides: Sequence[Override] = (),
    *,
    epoch: Epoch | int | None = None,
    weights: Weights | None = None,
    exits: bool = False,
    samples: int = 100,
    soft_reset: SoftReset = "refused",
) -> Exported:
    """Write a run's network in a format, run what was written, and say how it does.

    Args:
        run: a run folder, or hub:NAME.
        name: of the format.
        output: a new folder, which appears whole or not at all.
        overrides: options of the run that differ here, such as where its data is.
        epoch: whose weights; None = those that count.
        weights: as what they are written; None = as the format usually has them.
        exits: whether auxiliary heads are kept.
        samples: test samples whose every spike is compared.
        soft_reset: see `Request`.
    Raises: UsageError: no such format, a library that is missing, or a network that the format
        can't say. DataError: the run is not finished, the folder is there already, or data is
        missing.
    """
    if not isinstance(run, str | Path):
        raise UsageError(
            f"run: got a {type(run).__name__}, expected a run folder or hub:NAME; a network that "
            "was given as an object is exported from its graph, tssd.lowering.lower(run.net)"
        )
    chosen, weights = format_of(name), _weights(name, weights)
    check_free(output)
    folder_of_run = str(located(run))
    opened = open_run(folder_of_run, overrides, epoch=epoch)
    if opened.saved.unfinished:
        raise DataError(
            f"{run}: training is not finished ({opened.saved.unfinished}); continue it with "
            f"`{RunFolder.open(folder_of_run).resuming}`, then export it"
        )
    parts, model = opened.parts, opened.model
    compared = compare_data(folder_of_run, opened, overrides)
    parts.trainer.use_threads()
    # What runs elsewhere is compared with the network on the processor, in float32.
    net, heads = parts.net.to("cpu"), _heads(opened, run) if exits else {}
    with _unsupported(f"{run}: unsupported"):
        graph = lower(net, model.sample_shape, exits=heads)
    facts = facts_of(model, run=run, epoch=opened.saved.epoch, name=name, weights=weights)
    with one_line_failures(), new_folder(output) as folder:
        calibration = calibration_samples(parts, CALIBRATION)
        x = some_test_samples(parts, samples)
        request = Request(len(x), weights, array(calibration), soft_reset=soft_reset)
        with _unsupported(f"{run}: unsupported in {name}"):
            chosen.write(folder, graph, facts, request)
        pieces = x.split(_at_once(graph, len(x)), dim=1)
        found = [
            compare(
                graph,
                net,
                run_network(graph, net, piece, heads),
                chosen.run(folder, array(piece), request),
                heads,
            )
            for piece in tracked(pieces, "compare", progress=parts.trainer.progress)
        ]
        comparison = reduce(add, found)
        if comparison.label == "approximate" and weights == "float32":
            rounded = [own_rounding(graph, net, piece) for piece in pieces]
            known = None if None in rounded else sum(filter(None, rounded))
            comparison = replace(comparison, own_rounding=known)
        only_logits = replace(request, spikes=False)
        measured = measure(
            lambda given: chosen.run(folder, given, only_logits),
            net,
            tracked(parts.data.test_dataloader(), "measure", progress=parts.trainer.progress),
            len(x),
        )
        facts |= {
            "timesteps": len(x),
            "label": comparison.label,
            "compared": asdict(comparison),
            "measured": asdict(measured),
            "accuracy": list(measured.accuracy),
            "data_of_training": compared.same,
        }
        chosen.write(emptied(folder), graph, facts, request)
        write_json(folder / FACTS, facts)
        files = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    return Exported(files, comparison, measured)


def _at_once(graph: Graph, timesteps: int) -> int:
    """Samples whose spikes are in memory together."""
    neurons = sum(math.prod(node.shape) for node in graph.neurons())
    return max(1, SPIKES // max(1, neurons * timesteps))


@contextmanager
def _unsupported(what: str) -> Iterator[None]:
    """Inside, what a graph or a format can't say is told of with the network it is of."""
    try:
        yield
    except UsageError as error:
        raise UnsupportedError(f"{what}: {error}") from error


def _weights(name: str, wanted: Weights | None) -> Weights:
    can = entry_of(name).weights
    if wanted is not None and wanted not in can:
        raise UsageError(f"--weights: got {wanted}, but --format {name} has {' and '.join(can)}")
    return wanted or can[0]


def _heads(opened: OpenRun, run: str) -> dict[Tap, nn.Module]:
    """The auxiliary heads of a run, by the place whose spikes they get."""
    criterion = opened.parts.criterion
    if not criterion.taps:
        raise UsageError(f"--exits: {run} was trained without an auxiliary head; leave it out")
    return {tap: criterion.exit_at(tap).to("cpu") for tap in criterion.taps}
