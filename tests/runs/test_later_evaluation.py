import json

import pytest

from tssd.errors import DataError
from tssd.runs.folder import RunFolder, write_json
from tssd.runs.later_evaluation import Fingerprints, LaterEvaluation

FOUND = LaterEvaluation(
    samples=8,
    accuracy=(0.5, 0.75),
    epoch=3,
    split_hash="abc",
    data_of_training=False,
    trained_on=Fingerprints("xyz"),
    unfinished="epoch 4 of 9",
)


def test_what_is_written_is_read(tmp_path):
    path = RunFolder(tmp_path).evaluation
    assert LaterEvaluation.read(path) is None
    write_json(path, FOUND.to_dict())
    assert LaterEvaluation.read(path) == FOUND
    assert json.loads(path.read_text())["trained_on"] == {"split_hash": "xyz", "content_hash": None}


def test_earlier_versions_said_less(tmp_path):
    path = tmp_path / "evaluation.json"
    path.write_text('{"accuracy": [0.5], "split_hash": "abc"}')
    found = LaterEvaluation.read(path)
    assert (found.accuracy, found.split_hash, found.data_of_training) == ((0.5,), "abc", None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", r"damaged \("),
        ("{}", "it has no accuracy; expected what `tssd evaluate` writes"),
        ('{"accuracy": [0.5], "data_of_training": 1}', "data_of_training is 1, expected true or"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, text, told):
    path = tmp_path / "evaluation.json"
    path.write_text(text)
    with pytest.raises(DataError, match=rf"^[^\n]*evaluation\.json: {told}[^\n]*$"):
        LaterEvaluation.read(path)
