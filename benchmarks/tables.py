"""Measurements as Markdown: tables, and which targets they meet."""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.memory import Footprint
from benchmarks.timing import Samples

MIB = 2**20
# Not a competitor but the cost of everything that is not a neuron.
FLOOR = "ReLU"
# Ours too: the neuron as a step of one's own.
STEPPED = "tssd, a step"
ONE_PASS, SEPARATE = "tssd, one pass", "tssd, separate passes"

Steps = Mapping[str, Mapping[str, Samples]]
Footprints = Mapping[str, Mapping[str, Footprint]]


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column is text, the others are numbers."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def times(samples: Mapping[str, Samples], reference: str) -> str:
    """Milliseconds a row, and how many times the reference's that is."""
    rows = []
    for name, sample in samples.items():
        low, high = (1e3 * f(sample.seconds) for f in (min, max))
        ratio, least, most = sample.over(samples[reference])
        rows.append(
            (
                name,
                f"{1e3 * sample.median:.1f}",
                f"{low:.1f} to {high:.1f}",
                f"{ratio:.2f}",
                f"{least:.2f} to {most:.2f}",
            )
        )
    header = ("", "median, ms", "min to max", f"ratio to {reference}", "round by round")
    return markdown(header, rows)


def footprints(values: Mapping[str, Footprint], reference: str = "SpikingJelly") -> str:
    """MiB a row: kept for the backward pass, and the peak."""
    base = values[reference]
    rows = [
        (
            name,
            f"{f.saved / MIB:.1f}",
            f"{f.saved / base.saved:.2f}",
            f"{f.peak / MIB:.1f}",
            f"{f.peak / base.peak:.2f}",
        )
        for name, f in values.items()
    ]
    ratio = f"ratio to {reference}"
    return markdown(("", "kept for backward, MiB", ratio, "peak, MiB", ratio), rows)


def fastest_peer(samples: Mapping[str, Samples]) -> str:
    """The fastest of the others."""
    others = (name for name in samples if name not in ("tssd", STEPPED, FLOOR))
    return min(others, key=lambda name: samples[name].median)


def _faster(slow: Samples, fast: Samples, target: float) -> tuple[str, str, str]:
    """Target, measurement and verdict for being at least `target` times faster."""
    ratio, least, most = slow.over(fast)
    measured = f"{ratio:.2f} ({least:.2f} to {most:.2f})"
    return f"at least {target:g}", measured, "met" if ratio >= target else "**missed**"


def _leaner(ours: int, theirs: int, target: float) -> tuple[str, str, str]:
    """Target, measurement and verdict for taking at most `target` times the bytes."""
    ratio = ours / theirs
    return f"at most {target:g}", f"{ratio:.2f}", "met" if ratio <= target else "**missed**"


def targets(steps: Steps, memory: Footprints, evaluation: Steps) -> str:
    """What we set out to reach, what was measured, and whether that is enough."""
    rows: list[tuple[str, ...]] = []
    for workload, samples in steps.items():
        peer = fastest_peer(samples)
        target = 1.5 if workload.startswith("perceptron") else 1.0
        verdict = _faster(samples[peer], samples["tssd"], target)
        rows.append((f"training step, {workload}: times faster than {peer}", *verdict))
    for workload, values in memory.items():
        ours, theirs = values["tssd"], values["SpikingJelly"]
        what = f"memory, {workload}: ratio to SpikingJelly"
        rows.append((f"{what}, kept for backward", *_leaner(ours.saved, theirs.saved, 0.6)))
        rows.append((f"{what}, peak", *_leaner(ours.peak, theirs.peak, 0.6)))
    for workload, samples in evaluation.items():
        verdict = _faster(samples[SEPARATE], samples[ONE_PASS], 2.0)
        rows.append((f"evaluation at every T, {workload}: times faster in one pass", *verdict))
    return markdown(("", "target", "measured", ""), rows)


def sections(steps: Steps, memory: Footprints, evaluation: Steps) -> str:
    """All tables under their headings."""
    parts = ["## Targets", targets(steps, memory, evaluation), "## Training step"]
    for workload, samples in steps.items():
        parts += [f"### {workload}", times(samples, "tssd")]
    parts.append("## Memory of a training step")
    for workload, values in memory.items():
        parts += [f"### {workload}", footprints(values)]
    parts.append("## Evaluation at every T")
    for workload, samples in evaluation.items():
        parts += [f"### {workload}", times(samples, ONE_PASS)]
    return "\n\n".join(parts)
