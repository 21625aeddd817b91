"""The order of a fold, told from its rows."""

import pytest
import torch
from spikingjelly.activation_based import layer, neuron
from torch import nn

import tssd
from tssd.adapters.folds import has_samples_first, has_time_first, same_sample

from .nets import BatchFirst, Plain, sequence


@pytest.mark.parametrize("size", [(3, 2), (2, 3), (2, 2)])
def test_rows_that_are_the_same_are_those_of_different_samples(size):
    x = same_sample(sequence(size[0], 1), size[1])
    assert x.shape == (*size, 1, 8, 8)
    assert has_samples_first(x.flatten(0, 1), *size, otherwise=None) is False
    assert has_samples_first(x.transpose(0, 1).flatten(0, 1), *size, otherwise=None) is True
    # A spike that rounding has tipped over hides nothing.
    x = x.clone()
    x[0, 0, 0, 0, 0] += 1
    assert has_samples_first(x.flatten(0, 1), *size, otherwise=None) is False


def test_an_image_that_is_repeated_changes_in_time_as_well():
    x = same_sample(tssd.repeat_in_time(sequence(1, 4)[0], 3), 2)
    assert (x[0] < x[1]).any() and (x[1] < x[2]).any()


def test_without_spikes_or_with_random_numbers_nothing_is_told():
    for otherwise in (True, False, None):
        assert has_samples_first(torch.zeros(6, 4), 3, 2, otherwise=otherwise) is otherwise
    assert has_samples_first(sequence(3, 2).flatten(0, 1), 3, 2, otherwise=True) is None


def test_neurons_that_take_sequences_have_time_first():
    assert has_time_first(Plain())
    assert has_time_first(nn.Sequential(neuron.LIFNode(step_mode="m")))
    assert not has_time_first(nn.Sequential(neuron.LIFNode(step_mode="s")))
    # A layer without memory does not care.
    assert not has_time_first(nn.Sequential(layer.Conv2d(1, 2, 3, step_mode="m")))
    assert not has_time_first(BatchFirst())
