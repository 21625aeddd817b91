import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from tssd.data.given import GivenData
from tssd.data.summary import summarise
from tssd.errors import DataError, UsageError

LABELS = torch.tensor([0, 2, 1, 0, 1, 2, 0])
DATA = TensorDataset(torch.rand(7, 1, 2, 2), LABELS)


class Restless(Dataset):
    """One that draws from a generator of its own."""

    def __init__(self):
        self.own = np.random.default_rng(0)

    def __len__(self):
        return 3

    def __getitem__(self, n):
        return torch.full((1, 2, 2), float(self.own.random())), n


def given(train=DATA, **sets):
    options = {name: sets.pop(name) for name in ("classes", "seed", "batch_size") if name in sets}
    return GivenData({"train": train, "test": DATA, **sets}, **options)


def named(*classes):
    data = TensorDataset(*DATA.tensors)
    data.classes = classes
    return data


def test_sets_are_used_as_they_are():
    data = given(val=Subset(DATA, [0, 1]), batch_size=4)
    data.know_classes(3)
    assert data.split_sizes == {"train": 7, "val": 2, "test": 7}
    assert (data.sample_shape, data.mean, data.std) == ((1, 2, 2), (0.0,), (1.0,))
    assert (data.dataset_name, data.class_names) == ("TensorDataset", ("0", "1", "2"))
    assert [len(y) for _, y in data.train_dataloader()] == [4, 3]
    assert torch.equal(torch.cat([x for x, _ in data.test_dataloader()]), DATA.tensors[0])
    assert given().val_dataloader() == []


def test_loaders_are_used_as_they_are():
    data = given(DataLoader(DATA, batch_size=3), val=DataLoader(DATA, batch_size=7))
    assert data.batch_size == 3
    assert [len(y) for _, y in data.train_dataloader()] == [3, 3, 1]
    assert [len(y) for _, y in data.val_dataloader()] == [7]
    with pytest.raises(UsageError, match="gives no samples by number"):
        data.dataset("train")


def test_classes_are_those_of_the_data_or_of_the_network():
    assert given().classes_seen == 3
    assert given(named("a", "b", "c")).class_names == ("a", "b", "c")
    assert given(classes=4).class_names == ("0", "1", "2", "3")
    assert given(classes=["x", "y", "z"]).class_names == ("x", "y", "z")
    with pytest.raises(UsageError, match="does not say how many there are; give classes=10"):
        _ = given().class_names
    with pytest.raises(UsageError, match="^net: returns 4 logits, but the data has 3 classes"):
        given(classes=3).know_classes(4)
    with pytest.raises(DataError, match="^train: sample 1 has class 2, but there are 2 classes"):
        given(classes=2)
    with pytest.raises(UsageError, match="^test: has the classes a, c, b, but train has a, b, c"):
        GivenData({"train": named("a", "b", "c"), "test": named("a", "c", "b")})
    for wrong in (1, ["a", "a"], "ab"):
        with pytest.raises(UsageError, match="^classes: got"):
            given(classes=wrong)


def test_all_sets_hold_samples_of_one_kind():
    other = TensorDataset(torch.rand(4, 3, 2, 2), torch.arange(4))
    with pytest.raises(UsageError, match=r"^val: its samples are \[3, 2, 2\], .*\[1, 2, 2\]"):
        given(val=other)


def test_fingerprint_changes_with_what_can_be_told_and_nothing_else():
    x, y = DATA.tensors
    same = given(TensorDataset(x.clone(), y.clone()), batch_size=2)
    assert same.content_hash == given().content_hash
    changed = x.clone()
    changed[3] += 1
    assert given(TensorDataset(changed, y)).content_hash != given().content_hash
    assert given(TensorDataset(x, y.roll(1))).content_hash != given().content_hash
    assert given(Subset(DATA, range(6))).split_hash != given().split_hash
    # What is another one each time tells nothing.
    assert given(Restless()).content_hash == given(Restless()).content_hash


def test_samples_to_show_are_some_of_each_class():
    x, y = given().some_test_samples(4)
    assert y.tolist() == [0, 1, 2, 0]
    assert torch.equal(x, DATA.tensors[0][[0, 2, 1, 3]])


def test_frames_have_to_be_long_enough():
    frames = TensorDataset(torch.rand(4, 3, 2, 2, 2), torch.arange(4))
    data = GivenData({"train": frames, "test": frames})
    data.connect(student=1, teacher=3, longest=3)
    with pytest.raises(UsageError, match="samples have 3 timesteps, but the network runs for up"):
        data.connect(student=1, teacher=4, longest=4)


class Untold(Dataset):
    """One that does not say its labels."""

    def __len__(self):
        return len(DATA)

    def __getitem__(self, n):
        return DATA[n]


@pytest.mark.parametrize("train", [Untold(), DataLoader(DATA, batch_size=3)])
def test_classes_that_are_not_told_cannot_be_counted(train):
    data = given(train, classes=3)
    with pytest.raises(UsageError, match="class_weights balanced needs the class of every"):
        _ = data.class_counts
    found = summarise(data)
    assert found.counts["train"] == {"0": 0, "1": 0, "2": 0}
    assert found.unknown == {"train": 7, "val": 0, "test": 0}
    assert found.counts["test"] == {"0": 3, "1": 2, "2": 2}


@pytest.mark.parametrize("processes", [0, 1])
def test_datasets_open_their_files_in_the_processes_that_load(processes):
    class Opening(Untold):
        opened = False

        def __getitem__(self, n):
            self.opened = True
            return super().__getitem__(n)

    dataset = Opening()
    sets = {"train": dataset, "test": Opening()}
    data = GivenData(sets, num_workers=processes, classes=20)
    assert data.content_hash and len(data.dataset("train").batch([0])[1]) == 1
    assert dataset.opened is (processes == 0)
