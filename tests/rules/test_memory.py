"""That memory is flat in T: what autograd holds at once, counted, and no clock or allocator."""

import weakref

import pytest
import torch

from tssd.rules import SLTT

from .nets import N, T, loss_of, net


class Held:
    """Bytes that autograd holds for backward passes, and the most of them at once."""

    def __init__(self):
        self.now = self.peak = 0

    def pack(self, tensor):
        kept = Kept(tensor.detach())
        size = tensor.numel() * tensor.element_size()
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(kept, self.free, size)
        return kept

    def free(self, size):
        self.now -= size


class Kept:
    def __init__(self, tensor):
        self.tensor = tensor


def peak(rule, timesteps, name="tssd"):
    made = net()
    criterion = loss_of(made, name, timesteps=timesteps)
    run = criterion.run if rule is None else lambda *args: rule.run(criterion, *args)
    x = torch.ones(timesteps, N, 2, 4, 4, dtype=torch.double)
    held = Held()
    with torch.autograd.graph.saved_tensors_hooks(held.pack, lambda kept: kept.tensor):
        loss = run(made, x, torch.zeros(N, dtype=torch.long))
    loss.total.backward()
    del loss
    assert held.now == 0
    return held.peak


@pytest.mark.parametrize("steps", [None, 1])
def test_what_is_held_does_not_grow_with_the_timesteps(steps):
    two, four, eight, sixteen = (peak(SLTT(steps), t, "each") for t in (2, 4, 8, 16))
    assert two == four == eight == sixteen
    # Together with terms of all timesteps there are logits [T, N, K] of net and exit, and nothing
    # else that knows T.
    few, many = (peak(SLTT(steps), t) for t in (T, 4 * T))
    assert many - few < 0.02 * few * 4


def test_through_all_timesteps_it_grows_with_them():
    two, four, eight = (peak(None, t, "each") for t in (2, 4, 8))
    assert eight - four == 2 * (four - two)
    assert peak(SLTT(), 16, "each") < two
