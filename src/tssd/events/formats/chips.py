"""Which camera an AEDAT file is of, as its header says: sizes and addresses depend on it."""

import logging
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.errors import DataError

log = logging.getLogger("tssd")

Fields = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class Chip:
    """A camera.

    Args:
        name: As messages call it.
        height: Rows of its sensor.
        width: Columns of its sensor.
    """

    name: str
    height: int
    width: int


DVS128 = Chip("DVS128", 128, 128)
# Cameras whose addresses have the layout of jAER's DavisChip.
DAVIS = {
    "128": Chip("DAVIS128", 128, 128),
    "240": Chip("DAVIS240", 180, 240),
    "346": Chip("DAVIS346", 260, 346),
    "640": Chip("DAVIS640", 480, 640),
}

# jAER writes a class, such as eu.seebetter.ini.chips.davis.Davis346blue, others only its name.
_LINE = re.compile(
    rb"^#\s*(AEChip|HardwareInterface):[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE
)
# Several cameras, or a camera and an ear, in one file: a bit of each address says which.
_SEVERAL = re.compile(r"stereo|multi|cochlea", re.IGNORECASE)
_DVS128 = re.compile(r"(?:dvs|tmpdiff)_?128(?![0-9])", re.IGNORECASE)
_DAVIS = re.compile(r"davis?[ _-]?(128|240|346|640)(?![0-9]|mini)", re.IGNORECASE)

_FORMAT = re.compile(rb"^#Format:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_SOURCE = re.compile(rb"^#Source [0-9]+:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)

# Of a DAVIS address of AEDAT 2.0: a sample of an image or of the motion sensor; a trigger or other
# signal.
SAMPLE, SPECIAL, ON = 1 << 31, 1 << 10, 1 << 11
X_SHIFT, X_MASK, Y_SHIFT, Y_MASK = 12, 0x3FF, 22, 0x1FF


def chip_of(header: bytes, *, name: str) -> Chip | None:
    """The camera that an AEDAT 2.0 header names; None if it names none.

    Raises:
        DataError: It names one whose addresses are not known here.
    """
    said = {key.lower(): value for key, value in _LINE.findall(header)}
    if chip := said.get(b"aechip", b"").strip():
        return _named(chip, name=name)
    # What it was connected by, which may hold the camera's name.
    return _known(said.get(b"hardwareinterface", b"").decode("latin-1"))


def source_of(header: bytes, *, name: str) -> Chip | None:
    """The camera that an AEDAT 3.1 header names; None if it names none.

    Raises:
        DataError: It names one that is not known here, or several, or says that packets are
            compressed.
    """
    if (form := _FORMAT.search(header)) and form[1].upper() != b"RAW":
        raise DataError(
            f"{name} holds packets in the format {form[1].decode('latin-1')}, expected RAW: "
            "convert it, or record it without compression"
        )
    sources = _SOURCE.findall(header)
    if len(sources) > 1:
        said = ", ".join(source.decode("latin-1") for source in sources)
        raise DataError(f"{name} is of {len(sources)} cameras ({said}), expected one: split it")
    return _named(sources[0], name=name) if sources else None


def _named(said: bytes, *, name: str) -> Chip:
    text = said.decode("latin-1").strip()
    if chip := _known(text):
        return chip
    known = ", ".join(chip.name for chip in (DVS128, *DAVIS.values()))
    raise DataError(
        f"{name} is of the camera {text}, expected one of {known}: convert it to another format"
    )


def _known(text: str) -> Chip | None:
    if _SEVERAL.search(text):
        return None
    if _DVS128.search(text):
        return DVS128
    return DAVIS[found[1]] if (found := _DAVIS.search(text)) else None


def is_davis_pixel(address: NDArray[Any]) -> NDArray[np.bool_]:
    """Which addresses of a DAVIS are pixel events."""
    return (address & (SAMPLE | SPECIAL)) == 0


def davis_fields(words: NDArray[Any], chip: Chip, *, name: str) -> Fields:
    """Fields t, x (column), y (row), p of the pixel events; words are big-endian, [E, 2].

    jAER counts columns from the right and rows from the bottom. Samples of images and of the motion
    sensor, and triggers, are left out and counted in the log.
    """
    address = words[:, 0].astype(np.uint32)
    pixel = is_davis_pixel(address)
    if others := len(address) - int(pixel.sum()):
        samples = int((address >= SAMPLE).sum())
        log.info(
            "%s: %d of %d records of the %s are no pixel events and are left out (%d of images or "
            "motion, %d triggers)", name, others, len(address), chip.name, samples,
            others - samples,
        )  # fmt: skip
        address = address[pixel]
    x = chip.width - 1 - (address >> X_SHIFT & X_MASK).astype(np.int32)
    y = chip.height - 1 - (address >> Y_SHIFT & Y_MASK).astype(np.int32)
    p = (address & ON != 0).astype(np.uint8)
    return words[:, 1].view(">i4").astype(np.int64)[pixel], x, y, p
