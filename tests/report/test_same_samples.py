import pytest

from tssd.errors import DataError
from tssd.report import Comparison
from tssd.report.same_samples import fingerprints


def results(seed, **hashes):
    curve = {"accuracy": [0.5, 0.6], "samples": 10}
    return {"seed": seed, "timesteps": {"student": 1}, "best": curve, "last": curve, **hashes}


def test_what_samples_held_counts_where_all_say_it():
    same = {"split_hash": "a", "content_hash": "1"}
    other = {"split_hash": "a", "content_hash": "2"}
    old = {"split_hash": "a"}
    assert fingerprints([same, same]) == ["a/1", "a/1"]
    assert len(set(fingerprints([same, other]))) == 2
    assert len(set(fingerprints([same, other, old]))) == 1


def test_methods_on_images_that_were_changed_in_between_are_not_compared():
    one, two = (results(0, split_hash="a", content_hash=n) for n in "12")
    with pytest.raises(DataError, match=r"different samples, .* m: a/1; n: a/2"):
        Comparison.of({"m": [one], "n": [two]})
    assert Comparison.of({"m": [one], "n": [one]}).split_hash == "a"
