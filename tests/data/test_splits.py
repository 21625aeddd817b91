import numpy as np
import pytest

from tssd.data.splits import Split, hold_out, split, split_hash, stratified_order, take_samples
from tssd.errors import UsageError

LABELS = np.repeat(np.arange(7), [10, 20, 30, 40, 50, 60, 70])


def counts(labels):
    return np.bincount(labels, minlength=7).tolist()


def test_stratified_order_is_a_permutation_whose_prefixes_are_even():
    order = stratified_order(LABELS, seed=1)
    assert sorted(order) == list(range(len(LABELS)))
    assert counts(LABELS[order[:70]]) == [10] * 7
    uneven = counts(LABELS[order[:73]])
    assert sum(uneven) == 73
    assert set(uneven) == {10, 11}
    assert uneven[0] == 10  # class 0 has no more


def test_stratified_order_when_the_seed_differs():
    assert (stratified_order(LABELS, seed=1) != stratified_order(LABELS, seed=2)).any()


def test_hold_out_takes_the_share_of_each_class():
    rest, held = hold_out(LABELS, 0.1, seed=0)
    assert counts(LABELS[held]) == [1, 2, 3, 4, 5, 6, 7]
    assert sorted([*rest, *held]) == list(range(len(LABELS)))


def test_hold_out_rounds_the_share_of_each_class():
    labels = np.repeat([0, 1, 2], [14, 15, 16])  # shares of 1.4, 1.5 and 1.6
    _, held = hold_out(labels, 0.1, seed=0)
    assert np.bincount(labels[held]).tolist() == [1, 2, 2]


def test_hold_out_leaves_one_of_each_class_when_the_share_is_large():
    rest, _ = hold_out(np.array([0, 1, 1]), 0.9, seed=0)
    assert counts(np.array([0, 1, 1])[rest])[:2] == [1, 1]


def test_hold_out_takes_nothing_when_the_share_is_zero():
    rest, held = hold_out(LABELS, 0.0, seed=0)
    assert len(held) == 0
    assert len(rest) == len(LABELS)


def test_take_samples_nests():
    small, large = take_samples(LABELS, 20), take_samples(LABELS, 120)
    assert len(small) == 20
    assert set(small) < set(large)
    assert len(take_samples(LABELS, None)) == len(LABELS) == len(take_samples(LABELS, 280))


@pytest.mark.parametrize("count", [6, 281, 0, -1])
def test_take_samples_refuses(count):
    with pytest.raises(UsageError, match=rf"train_samples: got {count}, .*7 to 280"):
        take_samples(LABELS, count)


def test_split_is_disjoint_and_validation_does_not_depend_on_train_samples():
    some = split(LABELS, 5, val_share=0.2, train_samples=14)
    everything = split(LABELS, 5, val_share=0.2, train_samples=None)
    assert len(some.train) == 14
    assert (some.val == everything.val).all()
    assert set(some.train) < set(everything.train)
    assert not set(everything.train) & set(everything.val)
    assert some.test.tolist() == [0, 1, 2, 3, 4]


def test_split_when_validation_is_stored_apart():
    chosen = split(LABELS, 5, val_share=0.2, train_samples=None, val_size=3)
    assert len(chosen.train) == len(LABELS)
    assert chosen.val.tolist() == [0, 1, 2]


def test_split_hash_is_this_value():
    def hashed(name="x", train=(0, 1), val=(2,), test=(0,)):
        return split_hash(name, Split(np.array(train), np.array(val), np.array(test)))

    # Also the same on every machine and with every version of numpy: results cite it.
    assert hashed() == "25d6c081d1ad"
    different = [hashed(name="y"), hashed(train=(0,)), hashed(train=(0, 1, 2), val=())]
    assert len({hashed(), *different}) == 4


def test_split_of_known_labels_has_this_hash():
    assert split_hash("x", split(LABELS, 5, val_share=0.1, train_samples=50)) == "5e4d56f01c0d"
