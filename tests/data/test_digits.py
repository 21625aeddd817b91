import numpy as np
import torch
from sklearn.datasets import load_digits

from tssd.data import Digits


def test_digits_have_these_sets():
    digits = Digits()
    assert digits.split_sizes == {"train": 1293, "val": 145, "test": 359}
    assert sum(digits.split_sizes.values()) == 1797
    assert digits.split_hash == "5bfd37154d6b"
    assert (digits.num_classes, digits.in_channels, digits.sample_shape) == (10, 1, (1, 16, 16))
    assert digits.class_names[7] == "7"


def test_digits_stored_size_equals_the_source():
    digits = Digits(image_size=None)
    source = load_digits()
    stored = torch.cat([digits.stored.train.images, digits.stored.test.images]).double()
    assert digits.sample_shape == (1, 8, 8)
    assert stored.shape == (1797, 1, 8, 8)
    # Both hold the same images, in another order: compare the sums of all grey levels.
    assert abs(stored.sum() / 255 * 16 - source.data.sum()) < 0.005 * source.data.sum()


def test_digits_training_images_are_normalised():
    x = torch.cat([x for x, _ in Digits(val_share=0.0).train_dataloader()])
    assert abs(x.mean()) < 2e-3
    assert abs(x.std() - 1) < 2e-3


def test_digits_labels_are_balanced_in_the_test_set():
    labels = np.concatenate([y for _, y in Digits().test_dataloader()])
    assert np.bincount(labels).min() >= 34
    assert np.bincount(labels).max() <= 37


def test_digits_are_never_flipped():
    digits = Digits(augment=True, train_samples=10)
    assert not digits.flips
    shown = digits.dataset("train")
    plain = Digits(train_samples=10).dataset("train")
    for n in range(10):
        image = torch.nn.functional.pad(plain[n][0], [2] * 4, value=float(plain[n][0].min()))
        crops = [image[:, t : t + 16, s : s + 16] for t in range(5) for s in range(5)]
        assert any(torch.allclose(shown[n][0], crop) for crop in crops)
