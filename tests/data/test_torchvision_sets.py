import hashlib
import os
import pickle
import struct
from functools import partial

import numpy as np
import pytest
import torch
from torchvision import datasets

from tssd.data import CIFAR10, CIFAR100, FashionMNIST
from tssd.errors import DataError
from tssd.testing import check_data_module

needs_data = [
    pytest.mark.data,
    pytest.mark.skipif(
        not os.path.isdir(os.path.join(os.environ.get("TSSD_DATA", ""), "FashionMNIST")),
        reason="TSSD_DATA names no folder with FashionMNIST/",
    ),
]


def write_idx(path, array):
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(head + array.tobytes())


@pytest.fixture
def fashion_root(tmp_path):
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for part, count in (("train", 40), ("t10k", 20)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        write_idx(raw / f"{part}-images-idx3-ubyte", images)
        write_idx(raw / f"{part}-labels-idx1-ubyte", np.arange(count, dtype=np.uint8) % 10)
    return tmp_path


def write_cifar(folder, reader, key, monkeypatch):
    """Write tiny files of torchvision's layout, and make its reader expect their checksums."""
    folder.mkdir()
    rng = np.random.default_rng(0)

    def write(name, content):
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, hashlib.md5((folder / name).read_bytes()).hexdigest()]

    def batch(name, classes):
        pixels = rng.integers(0, 256, (2 * classes, 3072), dtype=np.uint8)
        return write(name, {"data": pixels, key: [n % classes for n in range(2 * classes)]})

    classes = 100 if key == "fine_labels" else 10
    names = {list_name: [name for name, _ in getattr(reader, list_name)]
             for list_name in ("train_list", "test_list")}  # fmt: skip
    for list_name, files in names.items():
        monkeypatch.setattr(reader, list_name, [batch(name, classes) for name in files])
    labels = [str(n) for n in range(classes)]
    _, md5 = write(reader.meta["filename"], {reader.meta["key"]: labels})
    monkeypatch.setattr(reader, "meta", {**reader.meta, "md5": md5})


def test_fashion_mnist_reads_idx_files(fashion_root):
    data = FashionMNIST(str(fashion_root), batch_size=4)
    assert data.split_sizes == {"train": 40, "val": 0, "test": 20}  # 4 a class: a tenth is none
    assert (data.num_classes, data.sample_shape) == (10, (1, 28, 28))
    x, y = data.dataset("test")[13]
    expected = datasets.FashionMNIST(fashion_root, train=False)
    assert y == expected[13][1] == 3
    pixels = torch.from_numpy(np.array(expected[13][0])).float() / 255
    torch.testing.assert_close(x[0], (pixels - 0.2860) / 0.3530)


def test_fashion_mnist_keeps_the_contract_of_a_data_module(fashion_root):
    check_data_module(partial(FashionMNIST, str(fashion_root), augment=True))


def test_fashion_mnist_resizes(fashion_root):
    data = FashionMNIST(str(fashion_root), image_size=16)
    assert data.dataset("train")[0][0].shape == data.sample_shape == (1, 16, 16)


@pytest.mark.parametrize(
    ("module", "reader", "key", "folder", "classes"),
    [
        (CIFAR10, datasets.CIFAR10, "labels", "cifar-10-batches-py", 10),
        (CIFAR100, datasets.CIFAR100, "fine_labels", "cifar-100-python", 100),
    ],
)
def test_cifar_reads_pickles(tmp_path, monkeypatch, module, reader, key, folder, classes):
    write_cifar(tmp_path / folder, reader, key, monkeypatch)
    data = module(str(tmp_path), augment=False)
    assert data.num_classes == classes == len(set(data.class_names))
    expected = reader(tmp_path, train=False)
    assert data.split_sizes["test"] == len(expected) == 2 * classes
    x, y = data.dataset("test")[7]
    pixels = torch.from_numpy(np.array(expected[7][0])).permute(2, 0, 1).float() / 255
    mean, std = torch.tensor(data.mean).view(3, 1, 1), torch.tensor(data.std).view(3, 1, 1)
    torch.testing.assert_close(x, (pixels - mean) / std)
    assert y == expected[7][1] == 7


@pytest.mark.parametrize("module", [FashionMNIST, CIFAR10, CIFAR100])
def test_missing_files_are_named_with_the_remedy(tmp_path, module):
    data = module(str(tmp_path))
    assert data.sample_shape[0] == data.in_channels  # what a model needs is known without files
    with pytest.raises(DataError) as caught:
        data.setup()
    message = str(caught.value)
    assert "\n" not in message
    for part in (str(tmp_path), data.files[0], "--data.root", "TSSD_DATA", "download"):
        assert part in message


def test_truncated_file_is_refused(fashion_root):
    path = fashion_root / "FashionMNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"training files in .*raw are damaged \(.*delete"):
        FashionMNIST(str(fashion_root)).setup()


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("labels-idx1", np.zeros(3, np.uint8), "20 images but 3 labels"),
        ("labels-idx1", np.full(20, 10, np.uint8), "labels are not all in 0 to 9"),
        ("images-idx3", np.zeros((20, 8, 8), np.uint8), "images of shape"),
    ],
)
def test_files_that_do_not_fit_are_refused(fashion_root, name, array, reason):
    write_idx(fashion_root / "FashionMNIST" / "raw" / f"t10k-{name}-ubyte", array)
    with pytest.raises(DataError, match=f"test files .*{reason}"):
        FashionMNIST(str(fashion_root)).setup()


def test_damaged_cifar_file_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "cifar-10-batches-py"
    write_cifar(folder, datasets.CIFAR10, "labels", monkeypatch)
    (folder / "data_batch_3").write_bytes(b"not a pickle")
    with pytest.raises(DataError, match=r"cifar-10-batches-py are damaged"):
        CIFAR10(str(tmp_path)).setup()


def test_download_asks_torchvision_for_both_parts(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(CIFAR10, "reader", lambda root, **options: calls.append((root, options)))
    CIFAR10.download(str(tmp_path))
    assert calls == [(str(tmp_path), {"train": t, "download": True}) for t in (True, False)]


class TestRealFashionMNIST:
    pytestmark = needs_data

    def test_constants_are_those_of_the_training_images(self):
        x = FashionMNIST(val_share=0.0).samples("train").double() / 255
        assert (round(float(x.mean()), 4), round(float(x.std()), 4)) == (0.2860, 0.3530)

    def test_split_is_this(self):
        data = FashionMNIST(train_samples=1000)
        assert data.split_sizes == {"train": 1000, "val": 6000, "test": 10000}
        assert data.split_hash == "0b3e04ffdaf0"

    def test_images_equal_torchvision(self):
        expected = datasets.FashionMNIST(os.environ["TSSD_DATA"], train=False)
        x, y = FashionMNIST().dataset("test").__getitems__(range(10000))
        assert torch.equal(y, expected.targets)
        torch.testing.assert_close(x[:, 0], (expected.data / 255 - 0.2860) / 0.3530)
