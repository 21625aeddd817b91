import numpy as np
import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as reference

from tssd.data.event_augment.affine import Rotate, Shear, resample, rotation, shear
from tssd.data.event_augment.draws import Draws
from tssd.errors import UsageError

INDEX = np.arange(50)
EPOCHS = np.full(50, 2)
ANGLES = (2 * Draws(5, EPOCHS, INDEX, (0,)).uniform(0) - 1) * 30


def frames(height=13, width=16):
    counts = np.random.default_rng(0).integers(0, 200, (50, 2, 2, height, width))
    return torch.from_numpy(counts.astype(np.uint8))


def one(rows):
    return np.array(rows, dtype=np.uint16)[None, None, None]


@pytest.mark.parametrize("turns", [0, 1, 2, 3, -1])
@pytest.mark.parametrize("size", [4, 5])
def test_rotation_by_right_angles_is_exact(turns, size):
    x = np.arange(2 * 3 * 2 * size**2, dtype=np.uint16).reshape(2, 3, 2, size, size)
    got = resample(x, rotation(np.full(2, turns * np.pi / 2)))
    assert np.array_equal(got, np.rot90(x, turns, axes=(-2, -1)))


def test_rotation_of_a_wide_frame_lets_zeros_enter():
    got = resample(one([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12, 13, 14, 15]]), rotation(
        np.array([np.pi / 2])
    ))  # fmt: skip
    assert got[0, 0, 0].tolist() == [[0, 4, 9, 14, 0], [0, 3, 8, 13, 0], [0, 2, 7, 12, 0]]


def test_shear_by_hand():
    got = resample(one([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), shear(np.array([np.pi / 4])))
    assert got[0, 0, 0].tolist() == [[2, 3, 0], [4, 5, 6], [0, 7, 8]]
    got = resample(one([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), shear(np.array([-np.pi / 4])))
    assert got[0, 0, 0].tolist() == [[0, 1, 2], [4, 5, 6], [8, 9, 0]]


def test_rotate_equals_torchvision_given_the_same_angles():
    x = frames()
    got = Rotate(30)(x, EPOCHS, INDEX, seed=5)
    assert ANGLES.min() < -25 < 25 < ANGLES.max()
    for n, angle in enumerate(ANGLES.tolist()):
        assert torch.equal(got[n], reference.rotate(x[n], angle, InterpolationMode.NEAREST))


def test_shear_equals_torchvision_given_the_same_angles():
    x = frames()
    got = Shear(30)(x, EPOCHS, INDEX, seed=5)
    for n, angle in enumerate(ANGLES.tolist()):
        # Their positive angle slants to the other side.
        expected = reference.affine(
            x[n], angle=0, translate=[0, 0], scale=1, shear=[-angle, 0]
        )  # nearest neighbour by default
        assert torch.equal(got[n], expected)


@pytest.mark.parametrize("augmentation", [Rotate(0), Shear(0)])
def test_no_angle_is_the_identity(augmentation):
    assert torch.equal(augmentation(frames(), EPOCHS, INDEX, seed=5), frames())


def test_options_out_of_range_are_refused():
    with pytest.raises(UsageError, match=r"^degrees: got 181, expected a number from 0 to 180$"):
        Rotate(181)
    with pytest.raises(UsageError, match=r"^degrees: got -1, expected a number from 0 to 80$"):
        Shear(-1)
