import numpy as np
import pytest
import torch
from PIL import Image

from tssd.data import decoding
from tssd.data.decoding import LazyImages, decode, decode_all, for_each, why_unreadable
from tssd.errors import DataError


def write(path, height, width, mode="RGB", seed=0):
    shape = (height, width, 3) if mode == "RGB" else (height, width)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def test_decode_gives_the_pixels_that_were_written(tmp_path):
    pixels = write(tmp_path / "a.png", 5, 7)
    assert (decode(tmp_path / "a.png", None) == pixels.transpose(2, 0, 1)).all()


def test_decode_repeats_grey_in_all_channels(tmp_path):
    pixels = write(tmp_path / "a.png", 5, 7, mode="L")
    assert (decode(tmp_path / "a.png", None) == pixels[None]).all()


def test_decode_crops_the_centre_when_the_shorter_side_fits(tmp_path):
    pixels = write(tmp_path / "a.png", 4, 8)
    assert (decode(tmp_path / "a.png", 4) == pixels[:, 2:6].transpose(2, 0, 1)).all()


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n\0\0"])
def test_decode_names_the_damaged_file_and_the_remedy(tmp_path, content):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    assert why_unreadable(path)
    with pytest.raises(DataError, match=r"bad\.png is not .*--data\.skip_corrupt true") as caught:
        decode(path, None)
    assert "\n" not in str(caught.value)


def test_decode_when_the_end_is_missing(tmp_path):
    write(tmp_path / "a.jpg", 40, 40)
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])
    assert why_unreadable(tmp_path / "a.jpg")


@pytest.mark.parametrize("threads_from", [0, 1 << 30])
@pytest.mark.parametrize("progress_from", [0, 1 << 30])
def test_for_each_keeps_the_order(tmp_path, monkeypatch, capsys, threads_from, progress_from):
    monkeypatch.setattr(decoding, "THREADS_FROM", threads_from)
    monkeypatch.setattr(decoding, "PROGRESS_FROM", progress_from)
    paths = [tmp_path / f"{n}.txt" for n in range(200)]
    for path in paths:
        path.write_text(path.stem)
    got = list(for_each(lambda path: int(path.read_text()), paths, title="Counting"))
    assert got == list(range(200))
    assert capsys.readouterr().out == ""  # progress goes to stderr: stdout may be piped


def test_a_share_of_the_middle_is_what_scale_and_crop_keep(tmp_path):
    # 8 of 10 pixels of the shorter side, of a picture that needs no scaling.
    pixels = np.random.default_rng(0).integers(0, 256, (10, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    shown = decode(tmp_path / "a.png", 8, 0.8)
    assert (shown == pixels[1:9, 4:12].transpose(2, 0, 1)).all()
    lazy = LazyImages([tmp_path / "a.png"], (3, 8, 8), image_size=8, crop_share=0.8)
    assert (lazy[torch.tensor([0])].numpy() == shown).all()


def test_decode_all_equals_lazy_images(tmp_path):
    paths = [tmp_path / f"{n}.png" for n in range(4)]
    for n, path in enumerate(paths):
        write(path, 6, 9, seed=n)
    images = decode_all(paths, (3, 5, 5), image_size=5)
    lazy = LazyImages(paths, (3, 5, 5), image_size=5)
    assert len(lazy) == 4
    assert torch.equal(lazy[torch.tensor([3, 1])], images[[3, 1]])


def test_decode_all_when_sizes_differ(tmp_path):
    write(tmp_path / "a.png", 6, 9)
    write(tmp_path / "b.png", 6, 8)
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    message = r"b\.png has 8x6 pixels, the first image 9x6: give --data\.image_size"
    with pytest.raises(DataError, match=message):
        decode_all(paths, (3, 6, 9), image_size=None)
    with pytest.raises(DataError, match=message):
        LazyImages(paths, (3, 6, 9), image_size=None)[torch.tensor([0, 1])]


def test_for_each_never_runs_far_ahead(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "THREADS_FROM", 0)
    begun = []
    paths = [tmp_path / str(n) for n in range(500)]
    for path in paths[:1]:
        path.touch()
    results = for_each(lambda path: begun.append(path) or path, paths, title="Counting")
    assert next(results) == paths[0]
    assert len(begun) < 100
    results.close()
    assert len(begun) < 100
