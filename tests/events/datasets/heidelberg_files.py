"""SHD and SSC in little, in the layout of the original HDF5 files."""

import numpy as np
import pytest

WORDS = ("zero", "eins", "zwei")


def trains(path, labels, *, seed=0, words=WORDS, times=None, units=None):
    """One file: a sample a label, its class told by where its spikes are."""
    h5py = pytest.importorskip("h5py")
    draw = np.random.default_rng(seed)
    if times is None:
        counts = draw.integers(40, 60, len(labels))
        times = [np.sort(draw.random(n) * 0.2).astype(np.float32) for n in counts]
        units = [
            (draw.integers(0, 200, n) + 200 * label).astype(np.uint16)
            for n, label in zip(counts, labels, strict=True)
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, values, kind in (("times", times, np.float32), ("units", units, np.uint16)):
            stored = file.create_dataset(
                f"spikes/{name}", (len(labels),), h5py.vlen_dtype(np.dtype(kind))
            )
            for n, value in enumerate(values):
                stored[n] = np.asarray(value, dtype=kind)
        file["labels"] = np.asarray(labels, dtype=np.uint16)
        file["extra/keys"] = np.array([word.encode() for word in words])
    return times, units


def shd(root, train=12, test=6):
    """SHD/ below a data root."""
    trains(root / "SHD/shd_train.h5", [n % 3 for n in range(train)])
    trains(root / "SHD/shd_test.h5", [n % 3 for n in range(test)], seed=1)
    return root
