import json
import logging
import multiprocessing
import os
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from tssd.data import ImageFolder, decoded, image_folder
from tssd.data.contents import file_digest
from tssd.data.decoded import DecodedImages
from tssd.data.decoding import decode_all
from tssd.errors import DataError
from tssd.lock import locked

SHAPE = (3, 6, 6)


def write(path, seed, *, mode="RGB"):
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 8, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path)
    return path


@pytest.fixture
def paths(tmp_path):
    (tmp_path / "images").mkdir()
    modes = ("RGB", "LA")  # the second is laid on white, which the log says
    return [write(tmp_path / f"images/{n}.png", n, mode=modes[n % 2]) for n in range(7)]


@pytest.fixture
def images(paths, tmp_path):
    """Makes the images of these files in a folder for caches."""

    def make(files=paths, shape=SHAPE, folder=tmp_path / "caches"):
        digests = [file_digest(path, whole=True) for path in files]
        return DecodedImages(files, digests, shape, shape[1], folder)

    return make


@pytest.fixture
def nothing_decodes(monkeypatch):
    monkeypatch.setattr(decoded, "decode_noted", lambda *_, **__: pytest.fail("it decodes"))


def test_the_second_start_reads_the_same_bits_without_decoding(images, paths, request, caplog):
    caplog.set_level(logging.INFO, logger="tssd")
    expected = decode_all(paths, SHAPE, image_size=6)
    (note,) = [r.getMessage() for r in caplog.records]
    caplog.clear()
    first = images().load()
    assert torch.equal(first, expected)
    assert [r.getMessage() for r in caplog.records][0] == note
    assert "7 decoded images are kept" in caplog.text
    caplog.clear()
    request.getfixturevalue("nothing_decodes")
    again = images().load()
    assert (again.dtype, again.is_contiguous()) == (torch.uint8, True)
    assert torch.equal(again, expected)
    assert [r.getMessage() for r in caplog.records] == [note]
    assert np.array_equal(np.load(images().array), expected.numpy())  # any NumPy opens it


def test_what_a_tensor_is_filled_with_never_reaches_the_file(images):
    images().load()
    kept = images().array.read_bytes()
    images().load().zero_()
    assert images().array.read_bytes() == kept


def test_other_files_contents_sizes_and_decoders_are_kept_apart(images, paths, monkeypatch):
    names = {images().array.name}
    names.add(images(paths[:-1]).array.name)
    names.add(images(paths[::-1]).array.name)
    names.add(images(shape=(3, 5, 5)).array.name)
    write(paths[3], 99)
    os.utime(paths[3], (0, 0))
    names.add(images().array.name)
    monkeypatch.setattr(decoded.features, "version", lambda name: "another")
    names.add(images().array.name)
    assert len(names) == 6


def test_names_and_places_do_not_count(images, paths, tmp_path):
    moved = [shutil.copy(path, tmp_path / f"other{n}.jpg") for n, path in enumerate(paths)]
    assert images(moved).array == images().array


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_pixel(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def of_another_shape(path):
    np.save(path, np.zeros((7, 3, 5, 5), dtype=np.uint8))


def in_another_order(path):
    np.save(path, np.asfortranarray(np.load(path)))


@pytest.mark.parametrize("damage", [cut, flip_a_pixel, of_another_shape, in_another_order])
def test_damaged_pixels_are_decoded_again(images, damage, caplog):
    expected = images().load()
    damage(images().array)
    assert torch.equal(images().load(), expected)
    assert f"{images().array}: " in caplog.text
    assert "decoding the images again" in caplog.text
    caplog.clear()
    assert torch.equal(images().load(), expected)
    assert "again" not in caplog.text


NOTES = ["", "{", "[]", "{}", '{"crc32": 1, "notes": {}}', '{"crc32": 1, "notes": 5}', "[" * 9**5]


@pytest.mark.parametrize("content", NOTES, ids=range(len(NOTES)))
def test_a_damaged_note_is_no_note(images, content, caplog):
    expected = images().load()
    images().note.write_text(content)
    assert torch.equal(images().load(), expected)
    assert "decoding the images again" in caplog.text
    assert json.loads(images().note.read_text())["notes"]


def test_a_writer_that_was_killed_before_the_note_has_left_nothing_that_counts(images):
    expected = images().load()
    flip_a_pixel(images().array)
    images().note.unlink()
    assert torch.equal(images().load(), expected)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs rights that bind")
def test_where_nothing_can_be_written_a_warning_says_so(images, tmp_path, paths, caplog):
    (tmp_path / "read-only").mkdir(mode=0o500)
    found = images(folder=tmp_path / "read-only" / "caches").load()
    assert torch.equal(found, decode_all(paths, SHAPE, image_size=6))
    assert "the decoded images are not kept" in caplog.text


def test_a_full_disk_is_no_reason_not_to_train(images, paths, monkeypatch, caplog):
    def full(path, pixels):
        path.write_bytes(pixels.tobytes()[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(decoded, "_save", full)
    assert torch.equal(images().load(), decode_all(paths, SHAPE, image_size=6))
    assert "not kept" in caplog.text and "No space left on device" in caplog.text
    assert "--data.cache false" in caplog.text
    assert not list(images().folder.iterdir())


def test_a_file_in_place_of_the_folder_is_no_reason_either(images, tmp_path, paths, caplog):
    (tmp_path / "caches").touch()
    assert torch.equal(images().load(), decode_all(paths, SHAPE, image_size=6))
    assert "not kept" in caplog.text


def test_a_folder_that_nobody_may_look_into_is_no_reason_either(images, tmp_path, caplog):
    name = "x" * 300  # which no file system takes; a closed folder would need another user
    expected = images().load()
    with caplog.at_level(logging.WARNING, logger="tssd"):
        assert torch.equal(images(folder=tmp_path / name).load(), expected)
    assert "File name too long" in caplog.text


def test_a_damaged_image_is_refused_and_nothing_is_left(images, paths):
    paths[2].write_bytes(b"no image")
    with pytest.raises(DataError, match=r"2\.png is not a readable image"):
        images().load()
    assert not list(images().folder.iterdir())


def build(images, begun):
    begun.set()
    images.load()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
def test_a_second_builder_waits_for_the_first(images, nothing_decodes_in_the_child):
    kept = images()
    kept.folder.mkdir()
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    with locked(kept.folder / f".{kept.array.name}.lock"):
        child = context.Process(target=nothing_decodes_in_the_child, args=(kept, begun))
        child.start()
        assert begun.wait(30)
        pixels, notes = kept._decode()
        kept._write(pixels, notes)
    child.join(30)
    assert child.exitcode == 0


@pytest.fixture
def nothing_decodes_in_the_child():
    def run(kept, begun):
        decoded.decode_noted = lambda *_, **__: os._exit(3)
        build(kept, begun)

    return run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(image_folder, "KEPT_FROM", 20)
    for part, count in (("train", 16), ("test", 3)):
        for label in "ab":
            for n in range(count):
                write(tmp_path / "root" / "set" / part / label / f"{n}.png", [n, ord(label), count])
    return tmp_path / "root"


def batches(data):
    return torch.cat([x for x, _ in data.train_dataloader()])


def test_a_folder_keeps_its_training_images_beside_it_and_few_are_not_kept(folder, request):
    options = {"image_size": 6, "val_share": 0.25}
    without = ImageFolder(str(folder), "set", cache=False, **options)
    expected, hash_ = batches(without), without.content_hash
    assert not (folder / ".tssd-cache").exists()
    first = ImageFolder(str(folder), "set", **options)
    assert torch.equal(batches(first), expected)
    first.setup()
    names = sorted(path.suffix for path in (folder / ".tssd-cache").iterdir())
    assert names == [".json", ".npy"]  # of 24 training images; 8 and 6 others are not kept
    request.getfixturevalue("nothing_decodes")
    second = ImageFolder(str(folder), "set", **options)
    assert torch.equal(batches(second), expected)
    assert (second.content_hash, second.mean) == (hash_, without.mean)


def test_an_image_that_changed_is_seen(folder):
    data = ImageFolder(str(folder), "set", image_size=6, val_share=0)
    before = data.samples("train")
    path = folder / "set" / "train" / "a" / "0.png"
    times = os.stat(path)
    write(path, 12345)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = ImageFolder(str(folder), "set", image_size=6, val_share=0).samples("train")
    assert [n for n in range(32) if not torch.equal(before[n], after[n])] == [0]


def test_a_root_that_is_the_folder_keeps_them_in_it(folder, monkeypatch, tmp_path):
    data = ImageFolder(str(folder / "set"), image_size=6)
    data.setup()
    assert (folder / "set" / ".tssd-cache").is_dir()
    assert ImageFolder(str(folder / "set"), image_size=6).split_hash == data.split_hash
    monkeypatch.setenv("TSSD_CACHE", str(tmp_path / "chosen"))
    ImageFolder(str(folder / "set"), image_size=6).setup()
    assert len(list((tmp_path / "chosen").iterdir())) == 2
