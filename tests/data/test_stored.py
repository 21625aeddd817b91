import numpy as np
import torch

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
