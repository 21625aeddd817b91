import numpy as np
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import v2

from tssd.data.random_resized_crop import AREA, RATIO, CroppedFiles, random_crop


def crops(size, number=4000, **options):
    return [random_crop(size, seed=1, epoch=0, index=n, **options) for n in range(number)]


def test_parts_lie_inside_and_differ_by_seed_epoch_and_image():
    made = crops((50, 40), 500)
    for (left, top, right, bottom), _ in made:
        assert 0 <= left < right <= 50
        assert 0 <= top < bottom <= 40
    assert len(set(made)) > 450
    same = {"seed": 1, "epoch": 2, "index": 3}
    one = random_crop((500, 400), **same)
    assert random_crop((500, 400), **same) == one
    for name in same:
        assert random_crop((500, 400), **same | {name: 7}) != one


def test_areas_ratios_and_places_are_distributed_as_torchvisions():
    torch.manual_seed(0)
    image, parameters = torch.zeros(1, 300, 500), transforms.RandomResizedCrop.get_params
    theirs = np.array([parameters(image, AREA, RATIO) for _ in range(4000)], dtype=float)
    # Top, left, height, width.
    ours = np.array(
        [(t, left, b - t, r - left) for (left, t, r, b), _ in crops((500, 300))], dtype=float
    )
    for of in (ours, theirs):
        of[:, 2:] = np.stack([of[:, 2] * of[:, 3] / 150_000, np.log(of[:, 3] / of[:, 2])], axis=1)
    deviations = theirs.std(0)
    # Five standard errors of a difference of two means.
    assert (abs(ours.mean(0) - theirs.mean(0)) < 5 * deviations * np.sqrt(2 / 4000)).all()
    np.testing.assert_allclose(ours.std(0), deviations, rtol=0.06)


def test_a_picture_that_is_too_narrow_gives_its_middle():
    assert random_crop((3, 900), seed=0, epoch=0, index=0, flip=False) == ((0, 448, 3, 452), False)


def test_half_of_the_images_are_mirrored_unless_none_may_be():
    assert abs(np.mean([mirrored for _, mirrored in crops((9, 9))]) - 0.5) < 0.04
    assert not any(mirrored for _, mirrored in crops((9, 9), 50, flip=False))


def test_files_are_shown_as_torch_would_scale_their_parts(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 40, 60, 3), dtype=np.uint8)
    paths = [tmp_path / f"{n}.png" for n in range(2)]
    for path, image in zip(paths, pixels, strict=True):
        Image.fromarray(image).save(path)
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
    samples = CroppedFiles(
        paths, torch.tensor([4, 7]), size=(16, 24), flip=True, seed=3, mean=mean, std=std
    )
    x, y = samples.batch([(5, 1), (5, 0)])
    assert y.tolist() == [7, 4]
    assert len(samples) == 2
    for shown, number in zip(x, (1, 0), strict=True):
        (left, top, right, bottom), mirrored = random_crop((60, 40), seed=3, epoch=5, index=number)
        part = torch.from_numpy(pixels[number, top:bottom, left:right]).permute(2, 0, 1)
        expected = v2.functional.resize(part, [16, 24], antialias=True)
        expected = expected.flip(-1) if mirrored else expected
        back = shown * torch.tensor(std).view(3, 1, 1) + torch.tensor(mean).view(3, 1, 1)
        assert (255 * back - expected).abs().max() < 1.5  # both round to whole numbers
    other = samples.batch([(6, 1)])[0][0]
    assert not torch.equal(other, x[0])
    assert torch.equal(other, samples.batch([(6, 1)])[0][0])
