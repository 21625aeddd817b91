"""Inputs with the prediction at each T, and the spikes that they cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tssd.report.html.elements import Content, Html, details, element, note, paragraph, together
from tssd.report.html.images import heat, picture, scale
from tssd.report.html.tables import table


@dataclass(frozen=True)
class Sample:
    """One input.

    Args:
        image: as people see it, uint8 [H, W, 3].
        label: its class.
        predicted: class at T = 1, 2, ...
        confidence: of these, 0 to 1.
        maps: spikes per neuron and timestep over the first T steps, mean over the channels, by
            layer, [T_max, H, W].
    """

    image: NDArray[np.uint8]
    label: str
    predicted: Sequence[str]
    confidence: Sequence[float]
    maps: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)


@dataclass(frozen=True)
class Samples:
    """What a trained network did with some inputs.

    Args:
        samples: the inputs.
        student: the T that the network is meant for.
        chosen: how they were chosen, in words.
        latency_ms: of one sample, median, at T = 1, 2, ...; empty = not measured.
        device: that the latency was measured on, in words.
    """

    samples: Sequence[Sample]
    student: int
    chosen: str
    latency_ms: Sequence[float] = ()
    device: str = ""


def predictions(found: Samples) -> Html:
    """Each input with its class and the network's at each T."""
    cards = []
    for number, sample in enumerate(found.samples, 1):
        steps = [
            _step(t, name, share, sample.label, meant=t == found.student)
            for t, (name, share) in enumerate(
                zip(sample.predicted, sample.confidence, strict=True), 1
            )
        ]
        picture_ = picture(sample.image, f"sample {number}: {sample.label}", kind="input")
        text = element("div", None, element("b", None, sample.label), element("ol", None, *steps))
        cards.append(element("li", None, picture_, text))
    key = f"✓ right, ✗ wrong; bold: T = {found.student}, which the network is meant for. "
    return together([note(key + found.chosen), element("ul", {"class": "samples"}, *cards)])


def _step(t: int, name: str, share: float, label: str, *, meant: bool) -> Html:
    mark = "✓" if name == label else "✗"
    text = f"T = {t}: {mark} {name} {100 * share:.0f} %"
    return element("li", None, element("b", {"class": "meant"}, text) if meant else text)


def firing_maps(networks: Mapping[str, Samples | str]) -> Html:
    """Where the layers fire on the inputs, networks one above the other.

    Args:
        networks: by name, all on the same inputs, or why one is not shown; a single one is shown
            without its name.
    """
    known = [found for found in networks.values() if isinstance(found, Samples)]
    every = [m for found in known for s in found.samples for m in s.maps.values()]
    if not every:
        return paragraph("No layer of the network keeps an image's rows and columns.")
    # The brightest hundredth may be cut, so that a few pixels do not darken the rest.
    top = max(float(np.quantile(np.concatenate([m.ravel() for m in every]), 0.99)), 1e-6)
    parts: list[Content] = [
        note(
            "Spikes per neuron and timestep, mean over the channels: 0 ",
            scale(),
            f" {top:.2f} or more, the same scale for all.",
        )
    ]
    for name, found in networks.items():
        if len(networks) > 1:
            parts.append(element("h3", None, name))
        if isinstance(found, str):
            parts.append(paragraph(f"Not shown: {found}"))
        elif not any(sample.maps for sample in found.samples):
            parts.append(paragraph("No layer of this network keeps an image's rows and columns."))
        else:
            parts.append(_maps_at(found, top, found.student))
    first = known[0]
    if len(networks) == 1 and len(first.samples[0].predicted) > 1:
        parts.append(details("The first sample at every T", _maps_over_time(first, top)))
    return together(parts)


def _maps_at(found: Samples, top: float, t: int) -> Html:
    layers = list(found.samples[0].maps)
    rows = [
        [_input(s, n), *[_map(s, layer, t, top) for layer in layers]]
        for n, s in enumerate(found.samples, 1)
    ]
    return table(f"Over the first {t} timesteps", ["input", *layers], rows, kind="maps")


def _maps_over_time(found: Samples, top: float) -> Html:
    sample = found.samples[0]
    layers = list(sample.maps)
    rows = [
        [f"T = {t}", *[_map(sample, layer, t, top) for layer in layers]]
        for t in range(1, len(sample.predicted) + 1)
    ]
    caption = "First sample, over the first T timesteps"
    return table(caption, ["T", *layers], rows, kind="maps")


def _input(sample: Sample, number: int) -> Html:
    return picture(sample.image, f"sample {number}: {sample.label}", kind="map")


def _map(sample: Sample, layer: str, t: int, top: float) -> Html:
    rates = sample.maps[layer][t - 1]
    alt = f"{layer}, {sample.label}: mean {rates.mean():.3f}"
    return picture(heat(rates / top), alt, kind="map")
