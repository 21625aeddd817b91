import numpy as np
import pytest
import torch
from PIL import Image

from tssd.data import Digits, ImageFolder
from tssd.errors import DataError, UsageError
from tssd.trained import FrameInput, ImageInput
from tssd.trained.inputs import as_tensor, eight_bits

COLOUR = ImageInput((3, 8, 8), mean=(0.25, 0.5, 0.75), std=(0.1, 0.2, 0.4))
GREY = ImageInput((1, 8, 8), mean=(0.5,), std=(0.25,))


@pytest.fixture(scope="module")
def images():
    return torch.randint(256, (5, 3, 8, 8), generator=torch.Generator().manual_seed(0)).byte()


def test_normalised_by_hand():
    x = COLOUR(torch.full((1, 3, 8, 8), 51, dtype=torch.uint8))  # 0.2
    assert x.dtype == torch.float32
    assert x[0, :, 3, 4].tolist() == pytest.approx([-0.5, -1.5, -1.375], abs=1e-6)


def test_all_that_holds_the_same_images_is_the_same_input(images):
    expected = COLOUR(images)
    bytes_ = images.numpy()
    pictures = [Image.fromarray(image.transpose(1, 2, 0)) for image in bytes_]
    for given in (
        bytes_,
        images.float() / 255,
        images.double() / 255,
        bytes_.astype(np.float32) / 255,
        images.permute(0, 2, 3, 1),
        np.ascontiguousarray(bytes_.transpose(0, 2, 3, 1)),
        bytes_[::-1][::-1],
        list(images),
        list(bytes_),
        pictures,
        tuple(pictures),
    ):
        assert torch.equal(COLOUR(given), expected)
    assert torch.equal(COLOUR(pictures[2]), expected[2:3])


def test_grey_images_need_no_axis_for_the_channel(images):
    grey = images[:, 0]
    assert torch.equal(GREY(grey), GREY(grey[:, None]))
    picture = Image.fromarray(grey[0].numpy())
    assert torch.equal(GREY(picture), GREY(grey[:1]))


@pytest.mark.parametrize("share", [1.0, 0.7])
def test_files_are_what_an_image_folder_makes_of_them(tmp_path, share):
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in "ab":
            (tmp_path / part / name).mkdir(parents=True)
            pixels = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / part / name / "0.png")
    options = {"image_size": 16, "augment": False, "val_share": 0.0, "crop_share": share}
    data = ImageFolder(str(tmp_path), **options)
    transform = ImageInput((3, 16, 16), data.mean, data.std, crop_share=share)
    path = tmp_path / "test/a/0.png"
    expected = data.dataset("test")[0][0]
    for given in (path, str(path), [path]):
        assert torch.equal(transform(given)[0], expected)
    assert torch.equal(transform(Image.open(path))[0], expected)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_an_opened_picture_is_what_its_file_is(tmp_path, dtype, orientation):
    # Black at the top left, white at the bottom right, in a file where 0 is white.
    values = np.arange(64).reshape(8, 8) / 63
    values = np.rint(values * 65535) if dtype == "uint16" else values
    tags = {262: 0, 274: orientation}
    Image.fromarray(values.astype(dtype)).save(tmp_path / "0.tif", tiffinfo=tags)
    (tmp_path / "0.pgm").write_bytes(b"P5 8 8 65535\n" + values.astype(">u2").tobytes())
    for name in ("0.tif", "0.pgm"):
        path = tmp_path / name
        opened = COLOUR.pixels(Image.open(path))
        assert torch.equal(opened, COLOUR.pixels(path))
    corner = (0, 0) if orientation == 1 else (0, 7)  # turned by 90 degrees clockwise
    pixels = COLOUR.pixels(Image.open(tmp_path / "0.tif"))[0, 0]
    assert pixels[corner] == (255 if dtype == "float32" else pixels.max())


def test_an_opened_picture_that_is_damaged_is_refused_in_one_line(tmp_path):
    path = tmp_path / "0.png"
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:1000])
    said = r"^images: got a picture that cannot be read \(.*\)$"
    with Image.open(path) as picture, pytest.raises(UsageError, match=said):
        COLOUR(picture)


def test_other_sizes_are_scaled_as_in_training():
    stored, data = Digits(image_size=8).samples("test"), Digits(image_size=16)
    transform = ImageInput((1, 16, 16), data.mean, data.std)
    expected, _ = data.dataset("test").__getitems__([0, 1, 2])
    assert torch.equal(transform(stored[:3]), expected)
    assert torch.equal(transform(stored[:3] / 255), expected)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (torch.randn(2, 3, 8, 8), r"normalised already\? then call the network itself: net\(tssd"),
        (torch.full((2, 3, 8, 8), -0.1), "normalised already"),
        (torch.full((2, 3, 8, 8), 1.5), "normalised already"),
        (torch.full((2, 3, 8, 8), 200.0), r"pixels of 0 to 255\? .*images\.to\(torch\.uint8\)"),
        (torch.full((2, 3, 8, 8), float("nan")), "NaN is no colour"),
        (torch.full((2, 3, 8, 8), float("inf")), "values from inf to inf"),
        (torch.ones(2, 3, 8, 8, dtype=torch.int64), r"got torch\.int64, expected uint8"),
        (torch.ones(2, 3, 8, 8, dtype=torch.bool), r"got torch\.bool, expected uint8"),
        (torch.ones(2, 3, 8, 8, dtype=torch.complex64), r"got torch\.complex64"),
        (torch.ones(3, 8, 8).byte(), r"shape \[3, 8, 8\].*of a single image: images\[None\]"),
        (torch.ones(2, 1, 8, 8).byte(), r"got shape \[2, 1, 8, 8\], expected \[N, 3, 8, 8\]"),
        (torch.ones(2, 3, 8, 3).byte(), r"may be \[N, C, H, W\] or \[N, H, W, C\]"),
        (torch.ones(2, 3, 8, 9).byte(), r"got 8 x 9 pixels, expected squares, best of 8 x 8"),
        (torch.ones(0, 3, 8, 8).byte(), r"got shape \[0, 3, 8, 8\]"),
        (torch.ones(4, 2, 3, 8, 8).byte(), r"got shape \[4, 2, 3, 8, 8\]"),
        (
            torch.ones(2, 3, 8, 8).to_sparse(),
            r"got a sparse_coo tensor of \[2, 3, 8, 8\], expected",
        ),
        (torch.tensor(1.0), r"got a strided tensor of \[\], expected a uint8"),
        ([], "got an empty list"),
        (None, "got NoneType"),
        (5, "got int"),
        ([5], "got int"),
        ({"a": 1}, "got dict"),
        (np.array(["a"]), "got <U1"),
        (np.ones((2, 3, 8, 8), object), "got object"),
        (np.ones((2, 3, 8, 8), np.uint16), r"got torch\.int32"),
    ],
)
def test_what_is_ambiguous_or_none_is_refused_in_one_line(given, message):
    with pytest.raises(UsageError, match=message) as error:
        COLOUR(given)
    assert str(error.value).startswith("images: ")
    assert "\n" not in str(error.value)


def test_no_image_at_all_is_refused():
    with pytest.raises(
        UsageError, match=r"^images: got shape \[0, 1, 8, 8\], expected one image or"
    ):
        ImageInput((1, 8, 8), (0.0,), (1.0,))(torch.ones(0, 8, 8))


def test_files_that_are_none(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(DataError, match=r"text\.png: not a readable image \("):
        COLOUR(tmp_path / "text.png")
    with pytest.raises(DataError, match=r"gone\.png: no such image"):
        COLOUR([tmp_path / "gone.png"])
    with pytest.raises(UsageError, match="which no picture gives"):
        ImageInput((2, 8, 8), (0.5, 0.5), (1.0, 1.0))(Image.new("L", (8, 8)))


def test_frames_are_counts():
    take = FrameInput((2, 4, 4))
    counts = torch.arange(3 * 5 * 32).view(3, 5, 2, 4, 4)
    x = take(counts)
    assert x.dtype == torch.float32
    assert torch.equal(x, counts.float())
    assert torch.equal(take(counts.numpy().astype(np.uint16)), x)
    for given, message in (
        (counts[0], r"got shape \[5, 2, 4, 4\], expected frames \[T, N, 2, 4, 4\] in one"),
        (counts[:, :, :1], "got shape"),
        (-counts, "got negative or infinite values, expected counts"),
        (counts / 0, "got negative or infinite"),
        ("a.bin", "got str"),
        ([counts], r"got list, expected frames \[T, N, 2, 4, 4\] in one tensor or array, or paths"),
        (counts.to_sparse(), r"got a sparse_coo tensor of \[3, 5, 2, 4, 4\], expected frames"),
    ):
        with pytest.raises(UsageError, match=f"^frames: {message}"):
            take(given)


def test_eight_bits_are_rounded_to_the_nearest():
    values = torch.tensor([0.0, 0.4 / 255, 0.6 / 255, 1.0])
    assert eight_bits(values).tolist() == [0, 0, 1, 255]
    assert eight_bits(values.half()).tolist() == [0, 0, 1, 255]


def test_arrays_that_torch_does_not_know_become_tensors():
    big = np.arange(4, dtype=">f4")
    assert as_tensor(big).tolist() == [0, 1, 2, 3]
    fixed = np.arange(4)
    fixed.flags.writeable = False
    assert as_tensor(fixed).tolist() == [0, 1, 2, 3]


def test_a_network_that_takes_no_squares_gets_what_training_had(tmp_path):
    rng = np.random.default_rng(0)
    for part, name in (("train", "a"), ("train", "b"), ("test", "a")):
        (tmp_path / part / name).mkdir(parents=True)
        pixels = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / part / name / "0.png")
    data = ImageFolder(str(tmp_path), image_size=(8, 24), augment=False, val_share=0.0)
    transform = ImageInput((3, 8, 24), data.mean, data.std)
    assert torch.equal(transform(tmp_path / "test/a/0.png")[0], data.dataset("test")[0][0])
    expected = Digits(image_size=(8, 24)).dataset("test").batch([0, 1])[0]
    known = Digits(image_size=8)
    shown = ImageInput((1, 8, 24), known.mean, known.std)(known.samples("test")[:2])
    assert torch.equal(shown, expected)
