import json
from dataclasses import replace

import pytest

from tssd.errors import DataError
from tssd.reproduce.record import as_lines, read_records, record_of

from .fabricated import TSSD, VANILLA, results

WHOLE = record_of(
    results(
        3,
        [0.5, 0.75],
        last=[0.1, 1 / 3],
        content_hash="c",
        training={
            "network_steps": 5,
            "seconds": 12.34,
            "teachers": {"term.teacher": {"run": "t", "seconds": 2.0}},
        },
    ),
    TSSD,
    "last",
    options="--trainer.epochs=3",
    recalibrated=(0.2, 0.3),
    processor="A",
)


def test_a_record_says_what_a_table_needs_and_comes_back_from_its_file(tmp_path):
    assert WHOLE.accuracy == {1: 0.1, 2: 1 / 3}
    assert WHOLE.recalibrated == {1: 0.2, 2: 0.3}
    assert (WHOLE.network_steps, WHOLE.teacher_seconds) == (5, 2.0)
    path = tmp_path / "made-up-runs.jsonl"
    least = record_of(results(0, [1.0]), VANILLA, "best")
    path.write_text(as_lines([WHOLE, least]))
    assert read_records(path) == [replace(WHOLE, seconds=12.3), least]
    assert WHOLE.variant == TSSD


def test_a_line_is_json_without_what_is_empty():
    least = json.loads(as_lines([record_of(results(0, [1]), VANILLA, "best")]))
    assert least == {
        "train": "a/vanilla",
        "seed": 0,
        "epoch": "best",
        "epoch_in_words": "best epoch on the validation samples",
        "accuracy": {"1": 1},
        "split_hash": "abc",
        "network_steps": 2,
        "teacher_seconds": 0.0,
    }


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2: "),
        ("[]", r"line 2: it is \[\], expected a mapping"),
        ("[" * 100_000, "line 2: nested deeper"),
        ({"seed": None}, "line 2: it has no seed"),
        ({"accuracy": [0.5]}, r"line 2: accuracy is \[0.5\], expected a mapping of timesteps"),
        ({"accuracy": {"0": 0.5}}, "line 2: accuracy is at T = '0', expected 1 to 10000"),
        ({"accuracy": {"x": 0.5}}, "line 2: accuracy is at T = 'x'"),
        ({"accuracy": {"1": 50}}, "line 2: accuracy at T = 1 is 50, expected a share"),
        ({"accuracy": {"1": "a"}}, "line 2: accuracy at T = 1 is a, expected a share"),
        ({"train": "a --b"}, "line 2: got 'a --b', expected RECIPE"),
        ({"epoch": "first"}, "line 2: epoch is 'first'"),
    ],
)
def test_what_is_no_record_is_refused_with_its_line(tmp_path, line, told):
    path = tmp_path / "made-up-runs.jsonl"
    if isinstance(line, dict):
        line = json.dumps(json.loads(as_lines([WHOLE])) | line)
    path.write_text(as_lines([WHOLE]) + line + "\n")
    with pytest.raises(DataError, match=rf"^{path}: {told}.*; remove the line"):
        read_records(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"no such file; expected NAME-runs\.jsonl"):
        read_records(tmp_path / "none.jsonl")
