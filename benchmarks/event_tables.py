"""Measurements of the event side as Markdown."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.event_cache import Build
from benchmarks.tables import MIB, markdown
from benchmarks.timing import Samples

Times = Mapping[str, Samples]

# Shown without a target: it uses a thirteenth of a recording, so that little is left to be faster
# at.
PROTOCOL = "200,000 events in 1.3 s, of which the first 10 slices of 10 ms count, 48x48"


@dataclass(frozen=True)
class Results:
    """Everything that was measured; the first entry of each mapping of times is tssd's.

    Args:
        binning: times and number of events by name of stream.
        frames: from an AEDAT 2.0 file to frames, by name of what is wanted.
        decoding: from an AEDAT 3.1 file to events, and their number.
        reading: cached samples in random order.
        start: opening a cache.
        start_title: what was opened.
        builds: from the smallest to the largest.
    """

    binning: Mapping[str, tuple[Times, int]]
    frames: Mapping[str, Times]
    decoding: tuple[Times, int]
    reading: Times
    start: Times
    start_title: str
    builds: tuple[Build, ...]


def times(samples: Times, *, events: int | None = None) -> str:
    """Milliseconds a row, and how many times the first row's that is; with events the rate."""
    reference = next(iter(samples.values()))
    rows = []
    for name, sample in samples.items():
        low, high = (1e3 * f(sample.seconds) for f in (min, max))
        ratio, least, most = sample.over(reference)
        rate = [f"{events / sample.median / 1e6:.1f}"] if events else []
        rows.append(
            (
                name,
                f"{1e3 * sample.median:.2f}",
                f"{low:.2f} to {high:.2f}",
                *rate,
                f"{ratio:.2f}",
                f"{least:.2f} to {most:.2f}",
            )
        )
    rate = ["million events/s"] if events else []
    ratio = f"ratio to {next(iter(samples))}"
    return markdown(("", "median, ms", "min to max", *rate, ratio, "round by round"), rows)


def builds(values: tuple[Build, ...]) -> str:
    """Peak of memory a row."""
    rows = [
        (
            f"{build.samples} samples",
            f"{build.frames / MIB:.1f}",
            f"{build.peak / MIB:.1f}",
            f"{build.seconds:.1f}",
        )
        for build in values
    ]
    return markdown(("", "cache, MiB", "peak of memory, MiB", "seconds, traced"), rows)


def _verdict(met: bool) -> str:
    return "met" if met else "**missed**"


def _faster(what: str, peer: Samples, ours: Samples, target: float) -> tuple[str, ...]:
    ratio, least, most = peer.over(ours)
    measured = f"{ratio:.1f} ({least:.1f} to {most:.1f})"
    return (what, f"at least {target:g}", measured, _verdict(ratio >= target))


def targets(results: Results) -> str:
    """What we set out to reach, what was measured, and whether that is enough."""
    rows: list[tuple[str, ...]] = []
    for name, (samples, _) in results.binning.items():
        target = 5.0 if name.startswith("N-MNIST") else 10.0
        what = f"frames, {name}: times faster than tonic"
        rows.append(_faster(what, samples["tonic"], samples["tssd"], target))
    for name, samples in results.frames.items():
        if name == PROTOCOL:
            continue
        what = f"AEDAT 2.0 file to frames, {name}: times faster than tonic's parts"
        rows.append(_faster(what, samples["tonic's parts"], samples["tssd"], 10.0))
    decoding, _ = results.decoding
    what = "AEDAT 3.1 file to events: times faster than SpikingJelly"
    rows.append(_faster(what, decoding["SpikingJelly"], decoding["tssd"], 20.0))
    ours, raw = results.reading.values()
    ratio, least, most = ours.over(raw)
    measured = f"{ratio:.2f} ({least:.2f} to {most:.2f})"
    what = "cached samples in random order: times as long as from a plain memory map"
    rows.append((what, "at most 2", measured, _verdict(ratio <= 2)))
    seconds = results.start["warm"].median
    what = f"warm start of {results.start_title}: seconds"
    rows.append((what, "below 1", f"{seconds:.2f}", _verdict(seconds < 1)))
    few, many = results.builds[0], results.builds[-1]
    growth, size = many.peak - few.peak, many.frames - few.frames
    what = f"build of {many.samples} instead of {few.samples} samples: further memory"
    measured = f"{growth / MIB:.1f} MiB of {size / MIB:.1f} MiB"
    rows.append((what, "at most 5 % of the frames", measured, _verdict(growth <= 0.05 * size)))
    return markdown(("", "target", "measured", ""), rows)


def sections(results: Results) -> str:
    """All tables under their headings, one level below those of the networks."""
    parts = ["### Targets of the event side", targets(results), "### Events to frames"]
    for name, (samples, events) in results.binning.items():
        parts += [f"#### {name}", times(samples, events=events)]
    parts.append("### AEDAT 2.0 file to frames")
    for name, samples in results.frames.items():
        parts += [f"#### {name}", times(samples)]
    parts += [
        "### AEDAT 3.1 file to events",
        times(results.decoding[0], events=results.decoding[1]),
    ]
    parts += ["### Cached samples in random order", times(results.reading)]
    parts += [f"### Opening {results.start_title}", times(results.start)]
    parts += ["### Memory of a build", builds(results.builds)]
    return "\n\n".join(parts)
