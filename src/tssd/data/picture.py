"""Opening picture files that may be anything: known formats only, upright, of bounded size."""

import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from tssd.data.pixels import to_rgb

# What Pillow may try, whatever a file is called: others of its decoders start programs (EPS runs
# Ghostscript) or are hardly ever used. With the suffixes that belong to them.
FORMATS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "BMP": (".bmp",),
    "DIB": (".dib",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
}
EXTENSIONS = frozenset(suffix for suffixes in FORMATS.values() for suffix in suffixes)

NO_PICTURE = f"cannot identify image file: none of {', '.join(FORMATS)}, or damaged"

# Pixels of a picture that is decoded; Pillow warns from half a million more on, which is too late
# for a line that names the file.
LARGEST = 89_000_000
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

# By EXIF's tag 274: how a picture is to be turned so that it stands as it was seen.
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

FIRST_FRAME = "only the first of several frames is used"
ON_WHITE = "transparent parts are laid on white"
TO_EIGHT_BITS = "brought to 8 bits"
UPRIGHT = "turned upright as EXIF says"


class UnreadableError(Exception):
    """A file is no picture that can be decoded; says why, without its name."""


def read_picture(path: Path) -> tuple[Image.Image, list[str]]:
    """Decode a file to an upright RGB picture; also say what was done to get there.

    Raises:
        UnreadableError: Damaged, of no known format, too large, no regular file, or with numbers
            whose meaning cannot be known.
    """
    with _opened(path) as image:
        notes = _notes(image)
        rgb, turned = upright_rgb(image)
    return rgb, list(dict.fromkeys([*notes, *([UPRIGHT] if turned else [])]))


def upright_rgb(image: Image.Image) -> tuple[Image.Image, bool]:
    """Bring an opened picture to upright RGB; also whether it was turned for that.

    Raises:
        Exception: Whatever decoders raise on damaged content; ValueError for numbers whose meaning
            cannot be known.
    """
    image.load()  # turns a TIFF by itself
    turn = _turn(image)
    # Colours first: a turned copy knows nothing of its file's format and tags.
    rgb = to_rgb(image)
    return (rgb, False) if turn is None else (rgb.transpose(turn), True)


def look_at_picture(path: Path) -> list[str]:
    """Say what `read_picture` will do to a file, as far as its header tells."""
    try:
        with _opened(path) as image:
            return _notes(image)
    except UnreadableError as error:
        return [f"not readable ({error})"]


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    # A pipe or a device could keep us waiting for ever.
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise UnreadableError("no regular file")
        with open(path, "rb") as file, Image.open(file, formats=list(FORMATS)) as image:
            width, height = image.size
            if width * height > LARGEST:
                raise UnreadableError(f"{width}x{height} pixels, {_too_large()}")
            yield image
    except UnreadableError:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableError(NO_PICTURE) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableError(_too_large()) from error
    except Exception as error:  # decoders raise anything on damaged content
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableError(" ".join(reason.split()) or type(error).__name__) from error


def _too_large() -> str:
    return f"more than the {LARGEST // 10**6} million pixels that are decoded: scale it down"


def _notes(image: Image.Image) -> list[str]:
    # The other frames of an MPO, a photograph, are previews or the other eye's view.
    several = getattr(image, "is_animated", False) and image.format != "MPO"
    found = {
        FIRST_FRAME: several,
        ON_WHITE: image.has_transparency_data,
        TO_EIGHT_BITS: image.mode[0] in "IF",
        # A PNG may keep its orientation behind the pixels: known only after decoding.
        UPRIGHT: image.format != "PNG" and _turn(image) is not None,
    }
    return [note for note, holds in found.items() if holds]


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        return TURNS.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # damaged EXIF says nothing; the pixels may be sound
        return None
