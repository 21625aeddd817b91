import pytest
from torch.utils.data import DataLoader

from tssd.data import Digits
from tssd.errors import UsageError
from tssd.fitting.data import with_data

from .own import digits

NONE = {"batch_size": None, "num_workers": None, "classes": None}


def put(train, val=None, test=None, *, seed=0, **sizes):
    config = {"description": "TSSD"}
    return with_data(config, (train, val, test), NONE | sizes, seed=seed), config


def test_datasets_are_recorded_in_words():
    data, config = put(digits(0, 9), test=digits(9, 12), batch_size=5)
    told = config["data"]["init_args"]
    assert told["train"] == "TensorDataset, 9 samples of [1, 8, 8]"
    assert (told["batch_size"], data.batch_size) == (5, 5)
    assert "val" not in told


def test_loaders_are_recorded_in_words_and_keep_their_sizes():
    loader = DataLoader(digits(0, 9), batch_size=3)
    _, config = put(loader, test=loader)
    assert config["data"]["init_args"]["test"].startswith("DataLoader of TensorDataset, 9 samples")
    with pytest.raises(UsageError, match="^batch_size: given, but the DataLoader has its own"):
        put(loader, test=loader, batch_size=3)


def test_that_validation_samples_are_tested_on_is_recorded():
    data, config = put(digits(0, 9), digits(9, 12))
    assert data.tests_on_validation
    assert config["description"] == "TSSD (tested on the validation samples)"


def test_our_data_modules_are_written_out_and_left_as_they_are():
    own = Digits(batch_size=7)
    data, config = put(own, seed=3)
    assert config["data"]["class_path"] == "tssd.data.Digits"
    assert config["data"]["init_args"]["batch_size"] == 7
    assert (data.seed, own.seed) == (3, 0)
    assert put(Digits(seed=5), seed=3)[0].seed == 5
    with pytest.raises(UsageError, match="^test: given, but Digits is a data module"):
        put(own, test=digits(0, 3))
    with pytest.raises(UsageError, match="^batch_size: given, but Digits is a data module"):
        put(own, batch_size=3)


def test_a_data_module_is_used_for_a_second_run_as_for_the_first():
    own = Digits(image_size=8)
    first, second = (put(own)[0] for _ in range(2))
    assert first.samples("test") is first.samples("test")
    assert second.samples("test") is not first.samples("test")
