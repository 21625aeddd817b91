"""A network whose training knows no time costs one timestep of it."""

import pytest

from tssd.config import build, load_recipe
from tssd.training.needs.timeless import trains_without_time

TINY = (("net.width", "0.03125"),)


@pytest.mark.parametrize(("part", "is_so"), [("qcfs", True), ("if", False), ("ann", False)])
def test_whose_training_knows_no_time(part, is_so):
    parts = build(load_recipe(f"digits+vgg9+{part}", TINY))
    assert trains_without_time(parts) == is_so


def test_frames_are_computed_one_by_one():
    parts = build(load_recipe("digits+vgg9+qcfs", TINY))
    parts.data.kind = "frames"
    assert not trains_without_time(parts)
