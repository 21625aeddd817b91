import os
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from tssd.data import picture
from tssd.data.picture import (
    FIRST_FRAME,
    ON_WHITE,
    TO_EIGHT_BITS,
    UPRIGHT,
    UnreadableError,
    look_at_picture,
    read_picture,
)

BASE = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)

# What a viewer shows of stored pixels [H, W, 3]: EXIF 2.3, table of tag 274.
SEEN = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a.transpose(1, 0, 2)[:, ::-1],
    7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda a: a.transpose(1, 0, 2)[::-1],
}


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
@pytest.mark.parametrize("orientation", SEEN)
def test_photographs_stand_upright(tmp_path, suffix, orientation):
    image, path = Image.fromarray(BASE), tmp_path / f"a.{suffix}"
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(path, exif=exif, **({"lossless": True} if suffix == "webp" else {}))
    upright, notes = read_picture(path)
    assert (np.asarray(upright) == SEEN[orientation](BASE)).all()
    assert notes == ([UPRIGHT] if orientation > 1 else [])
    if suffix != "png":
        assert look_at_picture(path) == notes


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_leaves_the_picture_as_it_is(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(BASE).save(path, exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert read_picture(path)[0].size == (6, 4)


def test_of_several_frames_the_first_counts(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    for suffix in ("gif", "png", "tif", "webp"):
        path = tmp_path / f"a.{suffix}"
        options = {"lossless": True} if suffix == "webp" else {}
        frames[0].save(path, save_all=True, append_images=frames[1:], **options)
        image, notes = read_picture(path)
        assert image.getpixel((0, 0)) == (255, 0, 0)
        assert FIRST_FRAME in notes
        assert FIRST_FRAME in look_at_picture(path)


def test_what_is_changed_is_noted(tmp_path):
    Image.fromarray(BASE.astype(np.uint16)[..., 0]).save(tmp_path / "wide.png")
    Image.new("RGBA", (4, 4)).save(tmp_path / "clear.png")
    Image.fromarray(BASE).save(tmp_path / "plain.png")
    for name, notes in (("wide", [TO_EIGHT_BITS]), ("clear", [ON_WHITE]), ("plain", [])):
        assert read_picture(tmp_path / f"{name}.png")[1] == notes
        assert look_at_picture(tmp_path / f"{name}.png") == notes


def test_a_picture_of_more_pixels_than_the_limit_is_refused(tmp_path, monkeypatch):
    Image.new("1", (4, 3)).save(tmp_path / "a.png")
    monkeypatch.setattr(picture, "LARGEST", 11)
    with pytest.raises(UnreadableError, match="4x3 pixels, more than the 0 million pixels that"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("side", [9500, 13400, 30_000])  # Pillow warns, raises at twice as much
def test_a_decompression_bomb_is_refused_without_a_warning(tmp_path, side):
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = [struct.pack(">I", 13), head, struct.pack(">I", zlib.crc32(head)), b"\0\0\0\0IDAT"]
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts) + b"\0" * 4)
    for how in ("error", "ignore"):
        with warnings.catch_warnings(record=how == "ignore") as shown:
            warnings.filterwarnings(how, category=Image.DecompressionBombWarning)
            with pytest.raises(UnreadableError, match="more than the 89 million pixels .*: scale"):
                read_picture(tmp_path / "a.png")
            assert not shown


def test_our_limit_comes_before_the_one_of_pillow():
    assert picture.LARGEST < Image.MAX_IMAGE_PIXELS


def test_the_content_decides_and_programs_are_never_started(tmp_path, monkeypatch):
    Image.fromarray(BASE).save(tmp_path / "a.jpg", "PNG")
    assert (np.asarray(read_picture(tmp_path / "a.jpg")[0]) == BASE).all()
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("decoded"))
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n"
    (tmp_path / "eps.png").write_bytes(eps)
    with pytest.raises(UnreadableError, match="none of JPEG, PNG, .* or damaged"):
        read_picture(tmp_path / "eps.png")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\0\0", b"GIF89a", b"II*\0\xff"])
def test_damaged_files_are_refused_in_one_line(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UnreadableError) as caught:
        read_picture(tmp_path / "a.png")
    assert str(caught.value) and "\n" not in str(caught.value)
    assert look_at_picture(tmp_path / "a.png") == [f"not readable ({caught.value})"]


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for name, reason in (
        ("pipe.png", "no regular file"),
        ("", "no regular file"),
        ("gone.png", "No such file or directory"),
        ("a\0b.png", "embedded null byte"),
    ):
        with pytest.raises(UnreadableError, match=reason):
            read_picture(tmp_path / name)
    with pytest.raises(UnreadableError, match="no regular file"):
        read_picture(tmp_path.__class__("/dev/zero"))


def test_a_file_without_rights_is_refused(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    Image.fromarray(BASE).save(tmp_path / "a.png")
    monkeypatch.setattr(os, "stat", refuse)
    with pytest.raises(UnreadableError, match="^Permission denied$"):
        read_picture(tmp_path / "a.png")
