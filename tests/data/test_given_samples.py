import math
import os

import pytest
import torch
from torch.utils.data import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset

from tssd.data.given_samples import GivenSamples, class_names_of, known_labels
from tssd.data.loading import evaluation_loader, training_loader
from tssd.errors import DataError, UsageError


class Drawn(Dataset):
    """Samples that are other ones each time; `targets` are older than the labels, if `shift`."""

    def __init__(self, shift=0):
        self.targets, self.shift = [0, 1, 2, 0, 1], shift

    def __len__(self):
        return 5

    def __getitem__(self, n):
        return n + torch.rand(1, 2, 2), (self.targets[n] + self.shift) % 3


class Stream(IterableDataset):
    def __iter__(self):
        return iter(())


def epoch(loader, number):
    loader.sampler.set_epoch(number)
    return [x for x, _ in loader]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_batch_depends_on_seed_epoch_and_number_alone(workers):
    first, again = (
        training_loader(GivenSamples("train", Drawn(), seed=4), 2, num_workers=n, seed=4)
        for n in (0, workers)
    )
    epochs = [epoch(first, 0), epoch(first, 1)]
    torch.manual_seed(9)
    later = epoch(again, 1)
    assert all(torch.equal(a, b) for a, b in zip(later, epochs[1], strict=True))
    assert not torch.equal(torch.cat(epochs[0]).sort(0)[0], torch.cat(epochs[1]).sort(0)[0])
    samples = GivenSamples("train", Drawn(), seed=4)
    assert torch.equal(samples[(1, 3)][0], samples.batch([(1, 2), (1, 3)])[0][1])
    other = GivenSamples("train", Drawn(), seed=5)
    assert not torch.equal(samples[3][0], other[3][0])


class Opening(Drawn):
    """Opens a file with its first sample, and says which process did."""

    opened = None

    def __getitem__(self, n):
        self.opened = self.opened or os.getpid()
        return torch.full((1, 1, 1), float(self.opened == os.getpid())), 0


@pytest.mark.parametrize(
    "inside",
    [lambda d: d, lambda d: Subset(Subset(d, range(4)), [0, 1]), lambda d: ConcatDataset([d, d])],
)
def test_what_a_dataset_opens_is_not_open_before_the_processes_that_load(inside):
    dataset = Opening()
    samples = GivenSamples("train", inside(dataset), loaded_apart=True)
    assert samples.item(0, 0)[0] == samples.batch([0])[0] == samples[1][0] == 1
    assert dataset.opened is None
    for x, _ in evaluation_loader(samples, 2, num_workers=1):
        assert (x == 1).all()
    assert GivenSamples("train", inside(dataset)).batch([0])[0] == 1 and dataset.opened


def test_what_cannot_be_copied_is_read_as_it_is():
    class Whole(Drawn):
        def __copy__(self):
            raise TypeError("no copies")

    for dataset, label in ((Whole(), 0), ([(torch.ones(1, 1, 1), 2)], 2)):
        assert GivenSamples("train", dataset, loaded_apart=True).batch([0])[1] == label


def test_frames_are_stacked_behind_time():
    data = TensorDataset(torch.rand(4, 3, 2, 5, 6), torch.arange(4))
    samples = GivenSamples("train", data)
    x, y = next(iter(evaluation_loader(samples, 4, num_workers=0)))
    assert torch.equal(x, data.tensors[0].transpose(0, 1)) and y.tolist() == [0, 1, 2, 3]
    assert torch.equal(samples[2][0], data.tensors[0][2])


def test_labels_are_known_where_a_dataset_says_them_and_they_are_right():
    inside = TensorDataset(torch.rand(5, 1, 2, 2), torch.tensor([3, 1, 2, 0, 1]))
    assert known_labels(Subset(inside, [4, 0])).tolist() == [1, 3]
    assert known_labels(ConcatDataset([inside, Drawn()])).tolist() == [3, 1, 2, 0, 1, 0, 1, 2, 0, 1]
    assert known_labels(TensorDataset(inside.tensors[0])) is None
    assert GivenSamples("train", Drawn()).labels.tolist() == [0, 1, 2, 0, 1]
    # As a target_transform makes them.
    assert set(GivenSamples("train", Drawn(shift=1)).labels.tolist()) == {-1}
    assert GivenSamples("train", Drawn(shift=1)).batch([0, 1])[1].tolist() == [1, 2]
    # As no few samples would tell.
    changed = Drawn()
    changed.target_transform = lambda y: min(y, 1)
    assert known_labels(Subset(changed, [0])) is None
    assert known_labels(ConcatDataset([inside, changed])) is None


def test_class_names_are_those_of_torchvision():
    data = Drawn()
    assert class_names_of(data) is None
    data.classes = ["a", "b", 3]
    assert class_names_of(Subset(data, [0])) == ("a", "b", "3")
    data.target_transform = lambda y: y // 2
    assert class_names_of(data) is None


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (Stream(), "got a Stream, which has no samples by number"),
        ([], "list has no samples"),
        (3, "got a int, which has no samples by number"),
    ],
)
def test_what_is_no_map_style_dataset_is_refused(dataset, words):
    with pytest.raises(UsageError, match=f"^val: {words}"):
        GivenSamples("val", dataset)


def test_items_that_are_no_samples_are_refused_by_their_number():
    with pytest.raises(DataError, match=r"^train: sample 0 is a dict of 2, expected a pair"):
        GivenSamples("train", [{"pixel_values": 0, "label": 1}])
    uneven = [(torch.zeros(1, 2, 2), 0), (torch.zeros(1, 3, 2), 0)]
    with pytest.raises(DataError, match=r"sample 1 is \[1, 3, 2\], but sample 0 is \[1, 2, 2\]"):
        GivenSamples("train", uneven).batch([0, 1])
    nan = [(torch.full((1, 2, 2), value), 0) for value in (0.0, 1.0, math.nan)]
    with pytest.raises(DataError, match="^train: sample 2 has NaN or infinity in x"):
        GivenSamples("train", nan).batch([1, 2])
    samples = GivenSamples("train", Drawn())
    samples.num_classes = 2
    with pytest.raises(DataError, match="sample 2 has class 2, expected 0 to 1"):
        samples.batch([2])
