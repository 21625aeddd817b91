import logging
import os
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from tssd.data import ImageFolder, decoding, image_folder
from tssd.data.picture import NO_PICTURE
from tssd.errors import DataError, UsageError

needs_data = pytest.mark.skipif(
    not os.path.isdir(os.path.join(os.environ.get("TSSD_DATA", ""), "cifar10-jpeg")),
    reason="TSSD_DATA names no folder with cifar10-jpeg/",
)


def write(folder, part, counts, size=(8, 8)):
    for label, count in counts.items():
        (folder / part / label).mkdir(parents=True, exist_ok=True)
        for n in range(count):
            rng = np.random.default_rng([n, ord(label), len(part)])
            pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / part / label / f"{n:03}.png")


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "set", "train", {"a": 20, "b": 20, "c": 20})
    write(tmp_path / "set", "test", {"a": 3, "c": 2})
    return tmp_path / "set"


def test_image_folder_reads_what_was_written(folder):
    data = ImageFolder(str(folder), augment=False)
    assert data.split_sizes == {"train": 54, "val": 6, "test": 5}
    assert (data.class_names, data.sample_shape) == (("a", "b", "c"), (3, 8, 8))
    x, y = data.dataset("test")[3]
    assert y == 2
    pixels = torch.from_numpy(np.array(Image.open(folder / "test/c/000.png"))).permute(2, 0, 1)
    mean, std = torch.tensor(data.mean).view(3, 1, 1), torch.tensor(data.std).view(3, 1, 1)
    torch.testing.assert_close(x, (pixels / 255 - mean) / std)


def test_image_folder_normalises_with_the_chosen_training_images(folder):
    data = ImageFolder(str(folder), train_samples=30, augment=False)
    x = torch.cat([x for x, _ in data.train_dataloader()])
    assert x.mean((0, 2, 3)).abs().max() < 1e-3
    assert (x.std((0, 2, 3)) - 1).abs().max() < 1e-3
    assert data.mean != ImageFolder(str(folder), train_samples=12).mean


def test_image_folder_decodes_only_what_it_chooses(folder, monkeypatch):
    decoded = []
    real = decoding.read_picture
    monkeypatch.setattr(
        decoding, "read_picture", lambda path: decoded.append(path.parent.name) or real(path)
    )
    data = ImageFolder(str(folder), train_samples=6, image_size=8)
    data.setup("fit")
    assert sorted(decoded) == sorted(["a", "b", "c"] * 4)  # 6 for training, 6 for validation
    data.setup()
    assert len(decoded) == 12 + 5


def test_image_folder_finds_the_folder(folder, monkeypatch):
    expected = ImageFolder(str(folder)).split_hash
    monkeypatch.setenv("TSSD_DATA", str(folder.parent))
    assert ImageFolder(folder="set").split_hash == expected
    assert ImageFolder(str(folder.parent), "set").split_hash == expected
    monkeypatch.delenv("TSSD_DATA")
    assert ImageFolder(folder=str(folder)).split_hash == expected
    with pytest.raises(UsageError, match="TSSD_DATA"):
        ImageFolder(folder="set").setup()
    with pytest.raises(DataError, match="gone does not exist"):
        ImageFolder(str(folder), "gone").setup()


def test_image_folder_when_it_has_its_own_validation_images(folder):
    write(folder, "val", {"b": 4})
    data = ImageFolder(str(folder))
    assert data.split_sizes == {"train": 60, "val": 4, "test": 5}
    assert next(iter(data.val_dataloader()))[1].tolist() == [1] * 4


def test_image_folder_when_sizes_differ(folder):
    write(folder, "test", {"b": 1}, size=(9, 8))
    with pytest.raises(DataError, match=r"test/b/000\.png has 8x9 pixels.*--data\.image_size"):
        ImageFolder(str(folder)).setup()
    data = ImageFolder(str(folder), image_size=6)
    data.setup()
    assert data.dataset("test")[3][0].shape == data.sample_shape == (3, 6, 6)


def test_image_folder_when_an_image_is_damaged(folder, caplog):
    (folder / "train/b/004.png").write_bytes(b"\x89PNG")
    (folder / "test/a/001.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"train/b/004\.png .*--data\.skip_corrupt true"):
        ImageFolder(str(folder)).setup()
    with caplog.at_level(logging.WARNING, logger="tssd"):
        data = ImageFolder(str(folder), skip_corrupt=True, val_share=0.0)
        data.setup()
        data.setup()
    assert data.split_sizes == {"train": 59, "val": 0, "test": 4}
    told = [record.getMessage() for record in caplog.records if "classes" not in record.msg]
    assert told == [f"{folder}: left out: 2 unreadable ({NO_PICTURE})"]


def test_image_folder_that_does_not_fit_in_memory_gives_the_same_images(folder, monkeypatch):
    kept = ImageFolder(str(folder), image_size=7)
    monkeypatch.setattr(image_folder, "MEMORY_LIMIT", 100)
    lazy = ImageFolder(str(folder), image_size=7, num_workers=1)
    assert isinstance(lazy.samples("train"), decoding.LazyImages)
    assert (lazy.mean, lazy.std) == (kept.mean, kept.std)
    for (x, y), (expected_x, expected_y) in zip(
        lazy.train_dataloader(), kept.train_dataloader(), strict=True
    ):
        assert torch.equal(x, expected_x)
        assert torch.equal(y, expected_y)


def content(folder, **options):
    return ImageFolder(str(folder), **options).content_hash


@pytest.mark.parametrize("limit", [image_folder.MEMORY_LIMIT, 0])
def test_content_hash_follows_the_bytes_and_not_the_times(folder, tmp_path, monkeypatch, limit):
    monkeypatch.setattr(image_folder, "MEMORY_LIMIT", limit)
    before = content(folder)
    shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copyfile)
    assert content(tmp_path / "copy") == before
    image = folder / "train/b/004.png"
    status = image.stat()
    old = image.read_bytes()
    image.write_bytes(old[:-1] + bytes([old[-1] ^ 1]))
    os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert content(folder) != before
    image.write_bytes(old)
    assert content(folder) == before
    (folder / "train/b/004.png").rename(folder / "train/b/004b.png")
    assert content(folder) != before


def test_images_that_two_sets_share_are_told(folder, caplog):
    image = (folder / "train/a/000.png").read_bytes()
    (folder / "test/a/renamed.png").write_bytes(image)
    (folder / "test/a/link.png").symlink_to(folder / "train/a/000.png")
    (folder / "train/b/wrong.png").write_bytes(image)
    data = ImageFolder(str(folder), val_share=0.0)
    with caplog.at_level(logging.WARNING, logger="tssd"):
        data.setup("fit")
    _, *told = [record.getMessage() for record in caplog.records]  # the first: no test image of b
    assert told == [
        f"{folder}: 1 of 61 training images are in two classes (first: {folder}/train/b/wrong.png "
        f"is {folder}/train/a/000.png)",
        f"{folder}: 2 of 7 test images are training images too (first: {folder}/test/a/link.png "
        f"is {folder}/train/b/wrong.png)",
    ]


def test_a_class_without_a_readable_image_is_refused(folder):
    for image in (folder / "train/b").iterdir():
        image.write_bytes(b"damaged")
    with pytest.raises(DataError, match="train/b holds no images"):
        ImageFolder(str(folder), skip_corrupt=True).setup()


def test_a_home_folder_of_nobody_is_one_line(tmp_path):
    with pytest.raises(DataError, match=r"data root ~nosuchuser/x \(from --data\.root\) is not a"):
        ImageFolder("~nosuchuser/x").setup()
    for name in ("a\0b", "long" * 2000):
        with pytest.raises(DataError, match="is not a folder|does not exist"):
            ImageFolder(str(tmp_path), name).setup()


@pytest.mark.data
@needs_data
def test_real_cifar10_as_jpeg():
    data = ImageFolder(folder="cifar10-jpeg", train_samples=1000)
    assert data.split_sizes == {"train": 1000, "val": 5000, "test": 10000}
    assert data.split_hash == "7a1567c89454"
    assert data.class_names[:3] == ("airplane", "automobile", "bird")
    assert data.sample_shape == (3, 32, 32)
    # Near the constants of the original pickles.
    torch.testing.assert_close(data.mean, (0.4914, 0.4822, 0.4465), atol=0.02, rtol=0)
    torch.testing.assert_close(data.std, (0.2470, 0.2435, 0.2616), atol=0.02, rtol=0)


@pytest.mark.parametrize(("largest", "warned"), [(4095, True), (65535, False)])
def test_12_bits_in_files_of_16_are_told_of(tmp_path, caplog, largest, warned):
    for part in ("train", "test"):
        for label in "ab":
            (tmp_path / part / label).mkdir(parents=True)
            pixels = np.random.default_rng(ord(label)).integers(0, largest, (9, 9), dtype=np.uint16)
            Image.fromarray(pixels).save(tmp_path / part / label / "0.png")
    data = ImageFolder(str(tmp_path), val_share=0.0)
    mean = data.mean[0]
    assert mean == pytest.approx(largest / 65535 / 2, rel=0.2)
    assert ("is it 12-bit content in 16-bit files?" in caplog.text) == warned


def test_classes_that_nothing_is_measured_on_are_told(folder, caplog):
    assert ImageFolder(str(folder)).split_sizes["test"] == 5
    assert caplog.messages == [
        f"{folder}: no test samples of 1 of the 3 classes (b): no result says anything of them"
    ]
    caplog.clear()
    write(folder, "test", {"b": 1})
    write(folder, "val", {"a": 1, "b": 1})
    (folder / "val/b/000.png").write_bytes(b"")
    assert ImageFolder(str(folder), skip_corrupt=True).split_sizes["val"] == 1
    assert any("no validation samples of 2 of the 3 classes (b, c)" in m for m in caplog.messages)


def test_images_that_are_no_squares_are_taken_or_made(tmp_path, monkeypatch):
    write(tmp_path, "train", {"a": 6, "b": 6}, size=(20, 30))
    write(tmp_path, "test", {"a": 1, "b": 1}, size=(20, 30))
    assert ImageFolder(str(tmp_path)).sample_shape == (3, 20, 30)
    data = ImageFolder(str(tmp_path), image_size=[10, 24], translate=2, val_share=0.0)
    assert data.sample_shape == (3, 10, 24)
    assert next(iter(data.train_dataloader()))[0].shape == (12, 3, 10, 24)
    with Image.open(tmp_path / "test/b/000.png") as picture:
        # Scaled to 16 x 24, which covers 10 x 24, and cropped: the aspect stays.
        box = (0, 20 * 3 / 16, 30, 20 * 13 / 16)
        expected = picture.resize((24, 10), Image.Resampling.BILINEAR, box=box)
    shown = data.samples("test")[torch.tensor([1])][0].permute(1, 2, 0)
    assert torch.equal(shown, torch.from_numpy(np.array(expected)))
    parts = ImageFolder(str(tmp_path), image_size=(10, 24), random_resized_crop=True)
    assert next(iter(parts.train_dataloader()))[0].shape[1:] == (3, 10, 24)
    monkeypatch.setattr(image_folder, "KEPT_FROM", 1)
    monkeypatch.setenv("TSSD_CACHE", str(tmp_path / "cache"))
    for _ in range(2):
        kept = ImageFolder(str(tmp_path), image_size=(10, 24), val_share=0.0)
        assert torch.equal(kept.samples("test")[:], data.samples("test")[:])
    assert len([*(tmp_path / "cache").glob("decoded-*.npy")]) == 1


@pytest.mark.parametrize("size", [(8, 0), [8], (8, 8, 8), (8, 5000)])
def test_sizes_that_are_none_are_refused(folder, size):
    with pytest.raises(UsageError, match=r"^data\.image_size: got .*, expected 1 to 4096 pixels"):
        ImageFolder(str(folder), image_size=size)
