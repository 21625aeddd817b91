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


def test_a_shift_of_ones_own_replaces_the_eighth():
    shown = Toy(image_size=16, translate=1)
    plain = Toy(image_size=16, translate=0, flip="never")
    low = -plain.mean[0] / plain.std[0]
    moved = set()
    for index in range(40):
        image, original = shown.dataset("train")[index][0], plain.dataset("train")[index][0]
        wide = torch.nn.functional.pad(original, (1,) * 4, value=low)
        moves = [wide[:, y : y + 16, x : x + 16] for y in range(3) for x in range(3)]
        moved |= {
            k % 9
            for k, move in enumerate([*moves, *(m.flip(-1) for m in moves)])
            if torch.equal(image, move)
        }
    assert moved == set(range(9))
    assert torch.equal(original, Toy(image_size=16, augment=False).dataset("train")[39][0])


def test_what_each_option_makes_of_the_images():
    def batch(epoch=0, **options):
        items = [(epoch, index) for index in range(30)]
        return Toy(translate=0, **options).dataset("train").__getitems__(items)[0]

    plain = batch(flip="never")
    assert torch.equal(batch(flip="random"), batch())  # a mirrored toy is a toy
    assert torch.equal(batch(flip="alternating"), batch(1, flip="alternating").flip(-1))
    low = -Toy().mean[0] / Toy().std[0] + 1e-6
    shifted = [
        Toy(border=border, translate=2).dataset("train").__getitems__(range(30))[0]
        for border in ("black", "reflect")
    ]
    assert [int((x < low).sum()) > 100 for x in shifted] == [True, False]
    hidden = batch(flip="never", cutout=2) != plain
    # The square has the mean's colour, 0 after normalising but for rounding.
    assert batch(flip="never", cutout=2)[hidden].abs().max() < 0.5 / 255 / 0.3 + 1e-6
    counts = hidden.sum((1, 2, 3))
    assert counts.max() == 4 and {1, 2, 4}.issuperset(counts.tolist())


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"translate": -1}, r"data\.translate: got -1, expected 0 to 511 pixels, or null"),
        ({"cutout": 0}, r"data\.cutout: got 0, expected 1 to 4096 pixels, or null"),
        ({"border": "reflect", "augment": False}, r"or --data\.border null"),
        ({"flip": "never", "augment": False}, r"data\.flip: got never, but data\.augment is false"),
        ({"translate": 0, "augment": False}, r"data\.translate: got 0, but data\.augment is false"),
        ({"cutout": 2, "augment": False}, r"--data\.augment true, or --data\.cutout null"),
    ],
)
def test_options_of_augmentation_that_make_no_sense_are_named(option, message):
    with pytest.raises(UsageError, match=message):
        Toy(**option)


def test_a_shift_that_moves_the_image_out_of_sight_is_refused():
    Toy(translate=5).setup()
    with pytest.raises(UsageError, match=r"data\.translate: got 6, expected less than .*, 6 pix"):
        Toy(translate=6).setup()


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
