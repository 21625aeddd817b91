import pytest

from tssd.report.epochs import counted, epoch_in_words, epochs_in_words


@pytest.mark.parametrize(
    ("results", "expected"),
    [({}, "best"), ({"selected": "last"}, "last"), ({"selected": "best"}, "best"),
     ({"selected": 3}, "best")],
)  # fmt: skip
def test_the_epoch_that_counts(results, expected):
    assert counted(results) == expected


@pytest.mark.parametrize(
    ("results", "epoch", "expected"),
    [
        ({}, None, "best epoch on the validation samples"),
        ({"split_sizes": {"val": 1000}}, None, "best epoch on the 1000 validation samples"),
        ({"split_sizes": {"val": 10}}, "best", "best epoch on the 10 validation samples, so few"),
        ({"split_sizes": {"val": 0}}, "best", "last epoch (there were no validation samples"),
        ({"selected": "last", "selected_because": "10"}, None, "last epoch (10)"),
        ({"selected": "last", "selected_because": "10"}, "best", "best epoch on the validation"),
        ({"selected": "best", "selected_because": "10"}, "last", "last epoch"),
        ({"split_sizes": None}, None, "best epoch on the validation samples"),
    ],
)
def test_it_is_said(results, epoch, expected):
    assert epoch_in_words(results, epoch).startswith(expected)


def test_runs_that_differ_are_counted():
    few, last = {"split_sizes": {"val": 1000}}, {"selected": "last"}
    assert epochs_in_words([last, last]) == "last epoch"
    assert epochs_in_words([few, last, last]).endswith("samples (1 run), last epoch (2 runs)")
