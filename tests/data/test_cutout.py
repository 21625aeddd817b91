import numpy as np
import torch

from tssd.data.cutout import Cutout

COLOUR = (7, 8, 9)


def images(count=300):
    return torch.full((count, 3, 8, 6), 200, dtype=torch.uint8)


def hidden(shown):
    """Which pixels [N, H, W] have the colour; all three channels or none."""
    found = shown == torch.tensor(COLOUR).view(-1, 1, 1)
    assert torch.equal(found.any(1), found.all(1))
    assert (shown[~found] == 200).all()
    return found.all(1)


def test_what_is_hidden_is_a_square_around_some_pixel_as_far_as_it_lies_in_the_image():
    x = images()
    pixels = hidden(Cutout(3, COLOUR, seed=1)(x, np.zeros(300, dtype=np.int64), np.arange(300)))
    squares = []
    for y in range(8):
        for x_ in range(6):
            square = torch.zeros(8, 6, dtype=torch.bool)
            square[max(y - 1, 0) : y + 2, max(x_ - 1, 0) : x_ + 2] = True
            squares.append(square)
    found = {next(k for k, s in enumerate(squares) if torch.equal(s, one)) for one in pixels}
    assert found == set(range(48))  # every pixel is drawn sooner or later
    assert (x == 200).all()  # the images themselves stay


def test_it_depends_on_seed_epoch_and_index_alone():
    x, index, epochs = images(40), np.arange(40), np.full(40, 3)
    cutout = Cutout(3, COLOUR, seed=1)
    together = cutout(x, epochs, index)
    backwards = cutout(x, epochs, index[::-1].copy()).flip(0)
    assert torch.equal(together, backwards)
    assert torch.equal(together[7:8], cutout(x[:1], epochs[:1], index[7:8]))
    assert not torch.equal(together, cutout(x, epochs + 1, index))
    assert not torch.equal(together, Cutout(3, COLOUR, seed=2)(x, epochs, index))


def test_a_square_larger_than_the_image_hides_all_of_it():
    shown = Cutout(20, COLOUR, seed=0)(images(5), np.zeros(5, dtype=np.int64), np.arange(5))
    assert hidden(shown).all()
