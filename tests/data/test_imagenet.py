import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from tssd.data import ImageNet, imagenet
from tssd.errors import DataError, UsageError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three images for training and one for testing of each of two classes."""
    monkeypatch.setattr(imagenet, "CLASSES", 2)
    draw = np.random.default_rng(0)
    for part, count in (("train", 3), ("val", 1)):
        for label in ("n01440764", "n01443537"):
            place = tmp_path / "imagenet" / part / label
            place.mkdir(parents=True)
            for n in range(count):
                pixels = draw.integers(0, 256, (6, 8, 3), dtype=np.uint8)
                smooth = Image.fromarray(pixels).resize((400 + n, 300), Image.Resampling.BICUBIC)
                smooth.save(place / f"{label}_{n}.JPEG")
    return tmp_path


def test_what_is_known_without_the_files(tmp_path):
    data = ImageNet(str(tmp_path))
    assert (data.num_classes, data.sample_shape, data.in_channels) == (1000, (3, 224, 224), 3)
    assert ImageNet(image_size=160).sample_shape == (3, 160, 160)
    with pytest.raises(DataError, match="imagenet does not exist: correct --data.root"):
        _ = data.class_names


def test_images_are_tested_as_everybody_does(folder):
    data = ImageNet(str(folder), batch_size=2)
    data.setup()
    assert data.split_sizes == {"train": 6, "val": 0, "test": 2}
    assert data.content_hash == data.split_hash
    assert data.placeable_bytes is None
    ((x, y),) = data.test_dataloader()
    usual = transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize(data.mean, data.std),
        ]
    )
    for n, label in enumerate(data.class_names):
        path = folder / "imagenet" / "val" / label / f"{label}_0.JPEG"
        expected = usual(Image.open(path))
        # One step in place of two, so that the middle may be half a pixel away.
        assert (x[n] - expected).abs().mean() < 0.03
        assert y[n] == n


def test_training_images_are_other_parts_in_every_epoch(folder):
    data = ImageNet(str(folder), batch_size=6)
    data.setup("fit")
    loader = data.train_dataloader()
    seen = []
    for epoch in (0, 1, 0):
        loader.sampler.set_epoch(epoch)
        ((x, y),) = loader
        assert x.shape == (6, 3, 224, 224)
        seen.append(x[y.argsort(stable=True)])
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen[0], seen[2])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"crop_share": 0.0}, "data.crop_share: got 0.0, expected above 0"),
        ({"image_size": None}, "data.random_resized_crop: needs a size"),
        ({"translate": 2}, "data.translate: got 2, but data.random_resized_crop"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, words):
    with pytest.raises(UsageError, match=words):
        ImageNet(**options)


def test_other_than_all_classes_are_refused_for_training_alone(folder, monkeypatch):
    monkeypatch.undo()  # the thousand of ILSVRC 2012
    data = ImageNet(str(folder))
    with pytest.raises(DataError, match=r"imagenet/train: has 2 class folders, expected the 1000"):
        data.setup()
    data = ImageNet(str(folder))
    data.train_is_needed = False  # as of a network that is trained already
    assert data.class_names == ("n01440764", "n01443537")
