"""Small pictures inside the page."""

from base64 import b64encode
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tssd.report.html.elements import Html, element

# From nothing to much: night, Okabe and Ito's blue, sky blue and yellow; its lightness only rises.
STOPS = ("#0a1024", "#0072B2", "#56B4E9", "#F0E442")


def picture(pixels: NDArray[np.uint8], alt: str, *, kind: str) -> Html:
    """An image element that holds its PNG.

    Args:
        pixels: [H, W, 3].
        alt: what is on it.
        kind: its class in the style sheet.
    """
    data = BytesIO()
    Image.fromarray(pixels).save(data, "PNG", optimize=True)
    source = f"data:image/png;base64,{b64encode(data.getvalue()).decode()}"
    height, width = pixels.shape[:2]
    size = {"width": width, "height": height}
    return element("img", {"src": source, "alt": alt, "title": alt, "class": kind, **size})


def heat(share: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Colours of shares, 0 to 1. Shapes: [H, W] -> [H, W, 3].

    >>> heat(np.array([[0.0, 1.0]])).tolist()
    [[[10, 16, 36], [240, 228, 66]]]
    """
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in STOPS], dtype=float)
    at = np.linspace(0, 1, len(stops))
    channels = [np.interp(np.clip(share, 0, 1), at, stops[:, i]) for i in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def scale() -> Html:
    """The colours from 0 to 1."""
    return picture(heat(np.linspace(0, 1, 64)[None].repeat(6, 0)), "colour scale", kind="scale")
