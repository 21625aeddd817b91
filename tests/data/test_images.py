import pytest
import torch

from tssd.errors import UsageError

from .toy import Toy


def test_names_and_statistics_are_those_of_the_facts():
    toy = Toy(image_size=12)
    assert (toy.dataset_name, toy.class_names[1], toy.mean, toy.std) == ("toy", "b", (0.5,), (0.3,))
    assert toy.sample_shape == (1, 12, 12)


@pytest.mark.parametrize(("side", "padding"), [(32, 4), (16, 2), (7, 0)])
def test_the_crop_moves_an_image_by_an_eighth_of_its_side_at_most(side, padding):
    shown = Toy(image_size=side)
    plain = Toy(image_size=side, augment=False)
    for index in range(8):
        image, original = shown.dataset("train")[index][0], plain.dataset("train")[index][0]
        low = -plain.mean[0] / plain.std[0]  # black, which fills what moves in
        wide = torch.nn.functional.pad(original, (padding,) * 4, value=low)
        both = wide, wide.flip(-1)
        moves = [
            view[:, y : y + side, x : x + side]
            for view in both
            for y in range(2 * padding + 1)
            for x in range(2 * padding + 1)
        ]
        assert any(torch.equal(image, move) for move in moves)


def test_augment_touches_training_images_alone():
    plain, augmented = Toy(augment=False), Toy(augment=True)
    for name, same in (("train", False), ("val", True), ("test", True)):
        x, _ = plain.dataset(name).__getitems__(range(10))
        assert torch.equal(x, augmented.dataset(name).__getitems__(range(10))[0]) == same


def test_a_wrong_image_size_is_named():
    with pytest.raises(UsageError, match=r"data\.image_size: got 0, expected 1 to 4096 pixels"):
        Toy(image_size=0)
    with pytest.raises(UsageError, match=r"data\.image_size: got 100000, expected 1 to 4096 pix"):
        Toy(image_size=100_000)


def test_content_hash_changes_with_the_images_and_with_the_split():
    toy = Toy()
    assert toy.content_hash == Toy().content_hash != Toy(val_share=0.2).content_hash
    changed = Toy()
    changed.stored.train.images[changed.split.train[0], 0, 0, 0] ^= 1
    assert changed.content_hash != toy.content_hash
    assert changed.split_hash == toy.split_hash


def test_images_that_are_placed_make_their_batches_on_the_device():
    toy, device = Toy(num_workers=2), torch.device("meta")
    assert toy.placeable_bytes == 120 * 36
    shown = toy.val_dataloader().dataset.images
    toy.place(device)
    for loader in (toy.val_dataloader(), toy.test_dataloader(), toy.train_dataloader()):
        assert loader.num_workers == 0
        assert not loader.pin_memory
        assert loader.dataset.images.device == loader.dataset.labels.device == device
    x, y = next(iter(toy.val_dataloader()))
    assert (x.device, x.dtype, y.device) == (device, torch.float32, device)
    assert toy.dataset("val").images is toy.dataset("val").images  # copied once
    toy.place(torch.device("cpu"))
    assert toy.val_dataloader().dataset.images is shown
