import torch

from tssd.models.drawn_again import drawn_again


def test_numbers_that_were_drawn_inside_are_drawn_again():
    with drawn_again(torch.empty(0)):
        inside = torch.rand(3)
    assert torch.equal(torch.rand(3), inside)
    assert not torch.equal(torch.rand(3), inside)
