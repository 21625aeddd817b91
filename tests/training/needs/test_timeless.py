"""A network whose training knows no time costs one timestep of it."""

import copy

import pytest
import torch

from tssd.config import build, load_recipe
from tssd.training.needs.timeless import trains_without_time

TINY = (("net.width", "0.03125"),)


@pytest.mark.parametrize(
    ("recipe", "is_so"),
    [
        ("vgg9+qcfs", True),
        ("vgg9+srp", True),
        ("msresnet8+qcfs", True),
        ("resnet18+qcfs", True),
        ("resnet20+srp", True),
        ("widenet7b_sew+qcfs", True),
        ("vgg9+qcfs+tebn", False),
        ("vgg9+if", False),
        ("vgg9+ann", False),
    ],
)
def test_whose_training_knows_no_time(recipe, is_so):
    parts = build(load_recipe(f"digits+{recipe}", TINY))
    before, mode = copy.deepcopy(parts.net.state_dict()), parts.net.training
    assert trains_without_time(parts) == is_so
    torch.testing.assert_close(parts.net.state_dict(), before, rtol=0, atol=0)
    assert parts.net.training == mode


def test_frames_are_computed_one_by_one():
    parts = build(load_recipe("digits+vgg9+qcfs", TINY))
    parts.data.kind = "frames"
    assert not trains_without_time(parts)
