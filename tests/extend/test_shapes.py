import numpy as np
import pytest

from tssd.testing import check_data_module


@pytest.fixture
def kind(part):
    return part("shapes").Shapes


def test_it_keeps_the_contract(kind):
    check_data_module(kind)
    check_data_module(lambda **options: kind(image_size=8, augment=True, **options))


def test_mean_and_std_are_about_those_declared(kind):
    pixels = kind().stored.train.images / 255
    assert abs(pixels.mean() - kind().mean[0]) < 0.05
    assert abs(pixels.std() - kind().std[0]) < 0.05


def test_classes_are_drawn_in_turn_and_apart(kind):
    stored = kind(images=90).stored
    assert np.bincount(stored.train.labels).tolist() == [30] * 3
    assert len(stored.test.labels) == 22
    lit = (stored.train.images > 100).sum((1, 2, 3)).view(30, 3).float().mean(0)
    assert lit[1] > lit[0] > lit[2]  # a square holds a circle, which holds a cross


def test_a_network_is_trained_on_them(train):
    parts, rows = train("shapes")
    assert type(parts.data).__name__ == "Shapes"
    assert parts.net.num_classes == 3
    assert 0 < float(rows[-1]["train/loss"]) < 10
