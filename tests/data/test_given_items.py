import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.functional import to_tensor
from torchvision.tv_tensors import Image as TvImage

from tssd.data.given_items import Kind, as_label, as_sample, check_finite
from tssd.errors import DataError


def test_pictures_become_what_to_tensor_makes_of_them():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3) * 10
    for picture in (Image.fromarray(pixels), Image.fromarray(pixels[..., 0])):
        torch.testing.assert_close(as_sample(picture, "x"), to_tensor(picture))


def test_arrays_are_as_good_as_tensors_and_floats_become_float32():
    x = np.random.default_rng(0).random((3, 4, 5))[:, ::-1]
    found = as_sample(x, "x")
    assert found.dtype == torch.float32 and torch.equal(found, torch.from_numpy(x.copy()).float())
    assert type(as_sample(TvImage(torch.rand(3, 2, 2)), "x")) is torch.Tensor


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_sample_that_is_not_finite_is_named(value, axis):
    x = torch.zeros(4, 3, 1, 2, 2)
    x.select(axis, 2)[0] = value
    told = "^train: sample 12 has NaN or infinity in x, expected finite numbers; leave it out"
    with pytest.raises(DataError, match=told):
        check_finite(x, lambda n: f"train: sample {n + 10}", axis=axis)


def test_finite_numbers_whose_sum_is_not_are_taken():
    x = torch.full((1, 2, 2), 3e38)
    assert not x.sum().isfinite()
    check_finite(x, str)
    check_finite(torch.ones(1, 2, 2, dtype=torch.int16), str)


@pytest.mark.parametrize("kind", [">u2", ">i4", ">f4", "<u2", "<f8"])
def test_bytes_of_arrays_may_be_in_any_order(kind):
    x = np.arange(300, 348).reshape(2, 2, 3, 4)
    assert as_sample(x.astype(kind), "x").tolist() == x.tolist()


def test_counts_of_events_stay_whole_numbers():
    counts = np.ones((4, 2, 3, 3), dtype=np.int16)
    assert as_sample(counts, "x").dtype == torch.int16


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (torch.zeros(3, 4, 4, dtype=torch.uint8), r"image of uint8, .*ToDtype\(torch\.float32"),
        (torch.zeros(64), r"shape \[64\], .*x\.view\(-1, 1, 1\)"),
        (
            torch.zeros(8, 8),
            r"shape \[8, 8\], .*x\.unsqueeze\(0\) .* x\.unsqueeze\(-1\) \[C, L, 1\]",
        ),
        (torch.zeros(2, 0, 3), r"shape \[2, 0, 3\]"),
        (torch.zeros(2, 2, 2, dtype=torch.complex64), "complex64"),
        (Image.new("RGBA", (2, 2)), r"mode RGBA, expected RGB or L; call \.convert"),
        ("a.png", "a str for x, expected an image"),
        (np.array([["a"]]), "<U1 of shape"),
    ],
)
def test_other_inputs_are_refused(x, words):
    with pytest.raises(DataError, match=f"^train: sample 3 .*{words}"):
        as_sample(x, "train: sample 3")


@pytest.mark.parametrize("y", [7, np.int64(7), torch.tensor(7), np.array(7, np.uint8)])
def test_labels_are_whole_numbers_of_any_kind(y):
    found = as_label(y, "y", 8)
    assert found == 7 and type(found) is int


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (8, "class 8, expected 0 to 7; number the classes from 0"),
        (-1, "class -1, expected 0 to 7"),
        (True, "a bool for y"),
        (1.0, r"a float for y.*return int\(y\)"),
        (torch.tensor(1.0), r"a float for y.*return int\(y\)"),
        (torch.tensor([1]), r"int64 of shape \[1\].*return y\.item\(\)"),
        (torch.tensor([0.0, 1.0]), r"return y\.argmax\(\)"),
        ("cat", "a str for y, expected one whole number; return the number of the class"),
    ],
)
def test_other_labels_are_refused(y, words):
    with pytest.raises(DataError, match=words):
        as_label(y, "val: sample 0", 8)


def test_kind_is_the_shape_and_the_timesteps():
    assert Kind.of(torch.zeros(2, 3, 4)) == ((2, 3, 4), None)
    assert Kind.of(torch.zeros(5, 2, 3, 4)) == ((2, 3, 4), 5)
    assert str(Kind.of(torch.zeros(5, 2, 3, 4))) == "[5, 2, 3, 4]"
