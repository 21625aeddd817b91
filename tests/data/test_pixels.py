import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from tssd.data.pixels import to_rgb

RAMP = np.arange(256).reshape(16, 16)


def saved(path, array_or_image, **options):
    image = array_or_image
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    image.save(path, **options)
    return rgb(path)


def rgb(path):
    with Image.open(path) as image:
        image.load()
        converted = to_rgb(image)
    assert converted.mode == "RGB"
    return np.asarray(converted)


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_16_bits_become_the_nearest_of_8(tmp_path, suffix):
    wide = (RAMP * 257).astype(np.uint16)
    assert (saved(tmp_path / f"a.{suffix}", wide) == RAMP[..., None]).all()
    wide[0, :4] = 0, 128, 129, 65535  # 128 / 257 is below a half, 129 / 257 above
    assert saved(tmp_path / f"b.{suffix}", wide)[0, :4, 0].tolist() == [0, 0, 1, 255]


def test_16_bits_of_big_endian_tiff(tmp_path):
    image = Image.frombytes("I;16B", (16, 16), (RAMP * 257).astype(">u2").tobytes())
    assert (saved(tmp_path / "a.tif", image) == RAMP[..., None]).all()


def test_16_bits_of_tiff_whose_white_is_zero(tmp_path):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[262] = 0
    wide = (RAMP * 257).astype(np.uint16)
    assert (saved(tmp_path / "a.tif", wide, tiffinfo=info) == 255 - RAMP[..., None]).all()


def test_12_bits_of_tiff(tmp_path):
    # Two pixels in three bytes: 0x800 and 0xFFF.
    tags = {256: 2, 257: 1, 258: 12, 259: 1, 262: 1, 273: 200, 277: 1, 278: 1, 279: 3}
    entries = b"".join(
        number.to_bytes(2, "little") + b"\4\0\1\0\0\0" + value.to_bytes(4, "little")
        for number, value in tags.items()
    )
    head = b"II*\0\x08\0\0\0" + len(tags).to_bytes(2, "little") + entries + b"\0" * 4
    (tmp_path / "a.tif").write_bytes(head.ljust(200, b"\0") + bytes([0x80, 0x0F, 0xFF]))
    assert rgb(tmp_path / "a.tif")[0, :, 0].tolist() == [round(0x800 / 0xFFF * 255), 255]


def test_a_transparent_value_of_16_bits_becomes_white(tmp_path):
    path = tmp_path / "a.png"
    found = saved(path, (RAMP * 257).astype(np.uint16), transparency=257 * 3)
    assert found[0, :5, 0].tolist() == [0, 1, 2, 255, 4]


def test_whole_numbers_are_taken_only_if_they_are_bytes(tmp_path):
    assert (saved(tmp_path / "a.tif", RAMP.astype(np.int32)) == RAMP[..., None]).all()
    for wrong in (RAMP * 257, RAMP - 1):
        low, high = wrong.min(), wrong.max()
        with pytest.raises(ValueError, match=rf"mode I, .* from {low} to {high}, .*: save"):
            saved(tmp_path / "b.tif", wrong.astype(np.int32))


def test_fractions_are_taken_only_from_0_to_1(tmp_path):
    assert (saved(tmp_path / "a.tif", (RAMP / 255).astype(np.float32)) == RAMP[..., None]).all()
    for wrong in (255.0, 1.01, -0.1, np.nan, np.inf):
        values = np.zeros((4, 4), np.float32)
        values[1, 2] = wrong
        with pytest.raises(ValueError, match="mode F, floating point .*, expected 0 to 1: save it"):
            saved(tmp_path / "b.tif", values)


def test_signed_bytes_are_refused(tmp_path):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[339] = 2
    with pytest.raises(ValueError, match="mode L with signed 8-bit values"):
        saved(tmp_path / "a.tif", RAMP.astype(np.uint8), tiffinfo=info)


def over_white(colour, alpha):
    """By hand: what a share of alpha leaves of white."""
    return np.rint(colour * (alpha / 255) + 255 * (1 - alpha / 255))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_laid_on_white(tmp_path, mode):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, len(mode)), dtype=np.uint8)
    found = saved(tmp_path / "a.png", Image.fromarray(pixels, mode) if mode == "LA" else pixels)
    expected = over_white(pixels[..., :-1].astype(float), pixels[..., -1:])
    assert np.abs(found - expected).max() <= 1  # Pillow's rounding
    pixels[..., -1] = 255
    assert (saved(tmp_path / "b.png", pixels) == pixels[..., :-1]).all()


def test_a_drawing_in_the_alpha_channel_is_black_on_white(tmp_path):
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[..., 3] = RAMP
    assert (saved(tmp_path / "a.png", pixels) == 255 - RAMP[..., None]).all()


def test_white_on_a_transparent_ground_is_refused_but_nothing_at_all_is_white(tmp_path):
    pixels = np.full((4, 4, 4), 255, np.uint8)
    pixels[0, 0, 3] = 0
    with pytest.raises(ValueError, match="white on a transparent ground, which vanishes"):
        saved(tmp_path / "a.png", pixels)
    assert (saved(tmp_path / "b.png", np.zeros((4, 4, 4), np.uint8)) == 255).all()


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_a_transparent_palette_entry_becomes_white(tmp_path, suffix):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    found = saved(tmp_path / f"a.{suffix}", image, transparency=1)
    assert found.tolist() == [[[255, 0, 0], [255, 255, 255]]]


@pytest.mark.parametrize(("mode", "key", "colour"), [("RGB", (1, 2, 3), (9, 8, 7)), ("L", 1, 9)])
def test_a_transparent_colour_becomes_white(tmp_path, mode, key, colour):
    image = Image.new(mode, (2, 1), colour)
    image.putpixel((1, 0), key)
    found = saved(tmp_path / "a.png", image, transparency=key)
    assert found[0, 1].tolist() == [255, 255, 255]
    assert found[0, 0].tolist() == (list(colour) if mode == "RGB" else [9, 9, 9])


def test_premultiplied_alpha(tmp_path):
    image = Image.new("La", (1, 1), (100, 200))  # of which colour 100 * 255 / 200 = 127
    assert to_rgb(image).getpixel((0, 0)) == (155, 155, 155)  # 127 * 0.784 + 255 * 0.216
    image = Image.new("RGBa", (1, 1), (100, 0, 200, 200))
    assert to_rgb(image).getpixel((0, 0)) == (155, 55, 255)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 7, (7, 7, 7)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("YCbCr", (255, 128, 128), (255, 255, 255)),
        ("HSV", (0, 255, 255), (255, 0, 0)),
        ("RGBX", (1, 2, 3, 0), (1, 2, 3)),
    ],
)
def test_other_modes(mode, value, expected):
    assert to_rgb(Image.new(mode, (1, 1), value)).getpixel((0, 0)) == expected


def test_a_mode_without_rgb_is_named():
    with pytest.raises(ValueError, match="mode LAB is not known here: save it as 8-bit RGB or"):
        to_rgb(Image.new("LAB", (1, 1)))
