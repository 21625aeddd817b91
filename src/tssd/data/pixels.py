"""What a picture of any mode becomes: 8-bit RGB, or a refusal that names mode and remedy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Modes that Pillow turns into RGB without loss of meaning. Colour profiles (ICC) and gamma are not
# applied: no loader of the field does, and the network sees the same in training and prediction.
PLAIN = frozenset({"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV"})
ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})

# Formats whose whole numbers beyond 8 bits always span 0 to 65535, also where an older Pillow keeps
# them in 32 bits.
SIXTEEN_BITS = frozenset({"PNG", "PPM"})

WHITE = 255

# Numbers of TIFF's tags.
BITS, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339
WHITE_IS_ZERO, SIGNED = 0, 2

REMEDY = "save it as 8-bit RGB or grey"


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert a loaded picture to mode RGB.

    Args:
        image: 8 bits as they are; 16 bits from 0 to 65535 (12-bit TIFF: 0 to 4095); 32-bit whole
            numbers only if all are bytes, 0 to 255; floating point only from 0 to 1. Transparent
            parts are laid on white.

    Raises:
        ValueError: What the numbers mean cannot be known, or the mode has no RGB.
    """
    mode = image.mode
    if mode.startswith("I;16") or (mode == "I" and image.format in SIXTEEN_BITS):
        return _from_16_bits(image)
    if mode == "I":
        return _from_whole_numbers(np.asarray(image))
    if mode == "F":
        return _from_fractions(image)
    if SIGNED in np.atleast_1d(_tag(image, SAMPLE_FORMAT, 1)):
        raise ValueError(f"mode {mode} with signed 8-bit values, which have no black: {REMEDY}")
    if image.has_transparency_data and mode in PLAIN | ALPHA:
        return _on_white(image)
    if mode not in PLAIN:
        raise ValueError(f"mode {mode} is not known here: {REMEDY}")
    return image.convert("RGB")


def _from_16_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    largest = (1 << int(np.atleast_1d(_tag(image, BITS, 16))[0])) - 1
    grey = (values * 255 + largest // 2) // largest
    if _tag(image, PHOTOMETRIC, 1) == WHITE_IS_ZERO:
        grey = 255 - grey
    if "transparency" in image.info:
        grey[values == image.info["transparency"]] = WHITE
    return _grey(grey)


def _from_whole_numbers(values: NDArray[Any]) -> Image.Image:
    if values.min() < 0 or values.max() > 255:
        raise ValueError(
            f"mode I, 32-bit whole numbers from {values.min()} to {values.max()}, whose white "
            f"cannot be known: {REMEDY}"
        )
    return _grey(values)


def _from_fractions(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    if not (values.min() >= 0 and values.max() <= 1):  # which also catches NaN
        raise ValueError(
            f"mode F, floating point from {values.min():g} to {values.max():g}, expected 0 to 1: "
            f"{REMEDY}"
        )
    if _tag(image, PHOTOMETRIC, 1) == WHITE_IS_ZERO:
        values = 1 - values
    return _grey(np.rint(values * 255.0))


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("La", "PA"):  # from which Pillow knows one way only
        image = image.convert("LA" if image.mode == "La" else "RGBA")
    image = image.convert("RGBA")
    least, most = image.getchannel("A").getextrema()
    if least == 255:
        return image.convert("RGB")
    flat = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    if least != most and flat.getextrema() == ((WHITE, WHITE),) * 3:
        raise ValueError(
            "white on a transparent ground, which vanishes on white: put it on another ground"
        )
    return flat


def _grey(values: NDArray[Any]) -> Image.Image:
    return Image.fromarray(values.astype(np.uint8)).convert("RGB")


def _tag(image: Image.Image, number: int, default: Any) -> Any:
    return getattr(image, "tag_v2", {}).get(number, default)
