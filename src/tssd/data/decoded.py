"""Decoded images on disk, so that image files are decoded once and not at every start."""

import hashlib
import json
import logging
import os
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, features
from torch import Tensor

from tssd.atomic import write_atomically
from tssd.data.decoding import decode_noted, tell_notes
from tssd.errors import DataError
from tssd.events.cache import CACHE_VARIABLE
from tssd.image_size import ImageSize
from tssd.lock import locked
from tssd.npy_header import parsed

log = logging.getLogger("tssd")

# Files below which decoding takes less than a second, and nothing is kept.
KEPT_FROM = 1000

# Changes whenever the same files would be decoded to other pixels.
FORMAT = 1

# Decoders of another version may round differently.
DECODERS = ("jpg", "libjpeg_turbo", "zlib", "webp", "libtiff", "jpg_2000")


class StaleError(Exception):
    """What is kept cannot be used; says why."""


@dataclass(frozen=True)
class DecodedImages:
    """Images of these files, decoded before or now.

    Two files, `decoded-KEY.npy` and `decoded-KEY.json`. The key is made of the content of all image
    files, so that what is kept belongs to them whatever happened to their names and times.

    Args:
        paths: The files.
        digests: Of the whole content of each.
        shape: Channels, height and width that every image must have after resizing.
        image_size: Side of a square, or height and width, to scale and crop to; None keeps it.
        folder: Where caches are; made if it is missing.
    """

    paths: Sequence[Path]
    digests: Sequence[bytes]
    shape: tuple[int, int, int]
    image_size: ImageSize | None
    folder: Path

    @property
    def array(self) -> Path:
        """The file of the pixels, uint8 [M, C, H, W], which NumPy opens."""
        return self.folder / f"decoded-{self._key}.npy"

    @property
    def note(self) -> Path:
        """The file of their checksum and of what was done to the images; written last."""
        return self.array.with_suffix(".json")

    def load(self) -> Tensor:
        """The images, uint8 [M, C, H, W], mapped from the disk where they are kept.

        Where nothing can be kept, a warning says why, and the images are decoded all the same.

        Raises:
            DataError: A file is damaged, or of another size.
        """
        if not os.path.exists(self.note):  # false, too, of a folder that is closed
            return self._build()
        try:
            return self._read()
        except StaleError as error:
            log.warning("%s: %s; decoding the images again", self.array, error)
            return self._build()

    @property
    def _key(self) -> str:
        pillow = [Image.__version__, *(features.version(name) for name in DECODERS)]
        digest = hashlib.sha256(json.dumps([FORMAT, pillow, self.shape, self.image_size]).encode())
        for each in self.digests:
            digest.update(each)
        return digest.hexdigest()[:16]

    def _build(self) -> Tensor:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.folder / f".{self.array.name}.lock", on_wait=self._tell_waiting):
                # Another process may have built it while this one waited.
                try:
                    return self._read()
                except StaleError:
                    images, notes = self._decode()
                    self._write(images, notes)
                    return images
        except OSError as error:
            self._tell_not_kept(f"{self.folder}: {error.strerror or error}")
        return self._decode()[0]

    def _decode(self) -> tuple[Tensor, Counter[str]]:
        images, notes = decode_noted(self.paths, self.shape, image_size=self.image_size)
        tell_notes(self.paths, notes)
        return images, notes

    def _write(self, images: Tensor, notes: Counter[str]) -> None:
        pixels = images.numpy()
        facts = {"crc32": zlib.crc32(pixels.data), "notes": notes}
        size = pixels.nbytes / 2**20
        try:
            write_atomically(self.array, lambda path: _save(path, pixels))
            write_atomically(self.note, lambda path: path.write_text(json.dumps(facts)))
        except DataError as error:
            self._tell_not_kept(str(error))
            return
        told = "%s: %d decoded images are kept, %.1f MiB (not with --data.cache false)"
        log.info(told, self.array, len(pixels), size)

    def _read(self) -> Tensor:
        """What is kept, after comparing all of it. Raises: StaleError: there is nothing sound."""
        expected = (len(self.paths), *self.shape)
        try:
            facts = json.loads(self.note.read_bytes())
            # Mapped for writing into memory alone, as a tensor must be able to; the file stays.
            mapped = parsed(lambda: np.lib.format.open_memmap(self.array, mode="c"))
            pixels = mapped.view(np.ndarray)
            notes = Counter({str(note): int(count) for note, count in facts["notes"].items()})
            if (pixels.shape, pixels.dtype) != (expected, np.uint8):
                raise StaleError(f"it holds {pixels.dtype} of shape {pixels.shape}")
            if not pixels.flags.c_contiguous or zlib.crc32(pixels.data) != facts["crc32"]:
                raise StaleError("its pixels have changed")
        except StaleError:
            raise
        except Exception as error:  # NumPy's parser raises anything on a header that is none
            raise StaleError(f"missing, cut or changed ({type(error).__name__})") from error
        tell_notes(self.paths, notes)
        return torch.from_numpy(pixels)

    def _tell_waiting(self) -> None:
        log.warning("%s: another process decodes these images; waiting for it", self.array)

    def _tell_not_kept(self, reason: str) -> None:
        log.warning(
            "the decoded images are not kept (%s): set %s to another folder, or pass --data.cache "
            "false; they are decoded at every start",
            reason, CACHE_VARIABLE,
        )  # fmt: skip


def _save(path: Path, pixels: NDArray[np.uint8]) -> None:
    # Never through a memory map: a full disk is then an error, and no signal that ends the process.
    with path.open("wb") as file:
        np.save(file, pixels)
