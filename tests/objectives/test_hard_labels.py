import torch
import torch.nn.functional as F

from tssd.objectives.hard_labels import classes_of, cross_entropies

LOGITS = torch.tensor([[1.0, 0, 2], [0, 0, 1]])


def test_shares_of_one_class_are_that_class():
    y = torch.tensor([2, 0])
    shares = F.one_hot(y, 3).double()
    assert torch.equal(classes_of(y), y) and torch.equal(classes_of(shares), y)
    torch.testing.assert_close(cross_entropies(LOGITS, shares), cross_entropies(LOGITS, y))
    assert cross_entropies(LOGITS, y).mean() == F.cross_entropy(LOGITS, y)
