import numpy as np
import torch
from torchvision.transforms.v2.functional import resize

from tssd.data.stored import MemoryPart

IMAGES = torch.arange(4 * 2 * 2, dtype=torch.uint8).view(4, 1, 2, 2)
LABELS = np.array([0, 1, 0, 1])


def test_memory_part_selects_in_the_order_asked_for():
    part = MemoryPart(IMAGES, LABELS)
    assert part.shape() == (1, 2, 2)
    assert torch.equal(part.select(np.array([2, 0])), IMAGES[[2, 0]])


def test_memory_part_resizes():
    part = MemoryPart(IMAGES, LABELS, image_size=4)
    selected = part.select(np.array([3]))
    assert part.shape() == selected.shape[1:] == (1, 4, 4)
    assert selected.dtype == torch.uint8
    assert selected[0, 0, 0, 0] == IMAGES[3, 0, 0, 0]  # bilinear keeps corners


def test_a_pair_of_sides_is_covered_and_cropped():
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (2, 3, 8, 8), generator=draw).byte()
    part = MemoryPart(images, LABELS[:2], image_size=(6, 12))
    assert part.shape() == (3, 6, 12)
    scaled = resize(images, [12, 12], antialias=True)
    assert torch.equal(part.select(np.arange(2)), scaled[..., 3:9, :])
    same = MemoryPart(images, LABELS[:2], image_size=(8, 8)).select(np.arange(2))
    assert torch.equal(same, images)
