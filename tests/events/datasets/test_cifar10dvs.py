import numpy as np
import pytest

from tssd.errors import DataError
from tssd.events.datasets.catalogue import Reading
from tssd.events.datasets.cifar10dvs import ARCHIVES, CIFAR10DVSFiles
from tssd.events.datasets.cifar10dvs import test_part as part_for_tests
from tssd.simulate import Setup
from tssd.simulate.datasets import write_cifar10dvs

PART = Reading(allow_incomplete=True)


LAST_BY_NAME = [909, 91, *range(910, 920), *(
    n for tens in range(92, 100) for n in (tens, *range(10 * tens, 10 * tens + 10))
)]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("numeric", list(range(900, 1000))),
        ("tebn", list(range(100))),
        ("lexicographic", LAST_BY_NAME),
    ],
)
def test_the_test_part_of_each_class_by_rule(rule, expected):
    # In an order that has nothing to do with the rules.
    ids = np.random.default_rng(0).permutation(np.tile(np.arange(1000), 3))
    labels = np.empty(3000, dtype=np.int64)
    for n in range(1000):
        labels[ids == n] = [0, 1, 2]
    test = part_for_tests(labels, ids.tolist(), rule)
    assert test.tolist() == sorted(test.tolist())
    for label in range(3):
        assert sorted(ids[test][labels[test] == label].tolist()) == sorted(expected)


def test_missing_and_surplus_recordings_are_counted_by_class(tmp_path):
    image = np.zeros((1, 8, 8), dtype=np.uint8)
    images = {"bird": image, "cat": image}
    write_cifar10dvs(images, tmp_path / "CIFAR10DVS", setup=Setup(duration=1.0), processes=1)
    with pytest.raises(DataError, match=r"airplane: 0 of 1000; .*bird: 1 of 1000; .*truck: 0 of"):
        CIFAR10DVSFiles().find(tmp_path / "CIFAR10DVS", Reading())
    for n in range(1, 1001):
        (tmp_path / f"CIFAR10DVS/cat/cifar10_cat_{n}.aedat").touch()
    with pytest.raises(DataError, match=r"surplus \(cat: 1001 of 1000\); .* belong there$"):
        CIFAR10DVSFiles().find(tmp_path / "CIFAR10DVS", PART)


def test_nothing_there_names_the_ten_archives(tmp_path):
    with pytest.raises(DataError) as raised:
        CIFAR10DVSFiles().find(tmp_path / "CIFAR10DVS", PART)
    for name, (number, md5) in ARCHIVES.items():
        address = f"https://ndownloader.figshare.com/files/{number}"
        assert f"{name}.zip (about 0.8 GB, md5 {md5}) from {address}" in str(raised.value)


def test_a_recording_of_another_format_is_named(tmp_path):
    folder = tmp_path / "CIFAR10DVS/frog"
    folder.mkdir(parents=True)
    (folder / "cifar10_frog_0.aedat").write_bytes(b"#!AER-DAT3.1\r\n#!END-HEADER\r\n")
    (folder / "cifar10_frog_1.aedat").write_bytes(b"#!AER-DAT3.1\r\n#!END-HEADER\r\n")
    with pytest.raises(DataError, match=r"cifar10_frog_0\.aedat starts with AEDAT 3\.1, expected"):
        CIFAR10DVSFiles().find(tmp_path / "CIFAR10DVS", PART).recordings[0].read()
