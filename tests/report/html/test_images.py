from base64 import b64decode
from io import BytesIO

import numpy as np
from PIL import Image

from tssd.report.html.images import STOPS, heat, picture, scale


def test_a_picture_holds_its_pixels(read):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    ((attributes, _),) = read(picture(pixels, 'a "<b>"', kind="map")).all("img")
    head, _, data = attributes["src"].partition(",")
    assert head == "data:image/png;base64"
    with Image.open(BytesIO(b64decode(data))) as image:
        assert np.array_equal(np.asarray(image), pixels)
    assert (attributes["alt"], attributes["width"], attributes["height"]) == ('a "<b>"', "7", "5")


def test_colours_rise_in_lightness_and_stay_inside():
    colours = heat(np.linspace(-0.5, 1.5, 201)[None])[0].astype(float)
    light = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) >= -0.5).all()
    assert [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in colours[[0, -1]].astype(int)] == [
        STOPS[0].lower(), STOPS[-1].lower(),
    ]  # fmt: skip


def test_the_scale_is_a_picture(read):
    assert read(scale()).all("img")[0][0]["class"] == "scale"
