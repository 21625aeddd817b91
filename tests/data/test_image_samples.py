import torch
from torchvision.transforms.v2.functional import normalize

from tssd.data.crop_flip import CropFlip

from .toy import MEAN, STD, image_samples


def test_item_equals_torchvision():
    images = image_samples()
    x, y = images[9]
    assert (x.dtype, tuple(x.shape), y) == (torch.float32, (3, 8, 6), 2)
    torch.testing.assert_close(x, normalize(images.images[9].float() / 255, MEAN, STD))


def test_batch_equals_its_items():
    images = image_samples(augment=CropFlip(2, flip=True, seed=0))
    items = [(4, 8), (5, 8), (4, 1)]
    x, y = images.__getitems__(items)
    assert (x.shape, x.dtype, y.dtype) == ((3, 3, 8, 6), torch.float32, torch.int64)
    for n, item in enumerate(items):
        assert torch.equal(x[n], images[item][0])
        assert int(y[n]) == images[item][1]
    assert not torch.equal(x[0], x[1])


def test_bare_index_means_epoch_zero():
    images = image_samples(augment=CropFlip(2, flip=True, seed=0))
    assert torch.equal(images[5][0], images[0, 5][0])
