from dataclasses import replace

import pytest

from tssd.errors import DataError
from tssd.runs.folder import RunFolder, write_json
from tssd.runs.recalibration import Recalibration, Recalibrations
from tssd.runs.results import EpochEvaluation

LAST = Recalibration(epoch=9, samples=8, accuracy=(0.5, 0.75), split_hash="abc", exits={"1": (1,)})
BEST = Recalibration(epoch=3, samples=8, accuracy=(0.25, 0.5), split_hash="abc")


def test_what_is_written_is_read(tmp_path):
    path = RunFolder(tmp_path).recalibrated
    assert path.name == "recalibrated.json"
    assert Recalibrations.read(path) == Recalibrations()
    written = Recalibrations().having(LAST).having(BEST)
    write_json(path, written.to_dict())
    assert Recalibrations.read(path) == written == Recalibrations((LAST, BEST))


def test_the_same_weights_are_replaced():
    again = Recalibration(epoch=9, accuracy=(1.0,))
    assert Recalibrations((LAST, BEST)).having(again).evaluations == (BEST, again)


def test_further_timesteps_are_not_lost():
    of = {"epoch": 9, "samples": 8, "split_hash": "abc"}
    longer = Recalibration(
        **of,
        accuracy=(0.5, 0.75),
        nll=(1.0, 0.5),
        calibration_error=(0.1, 0.2),
        exits={"1": (0, 1)},
    )
    shorter = Recalibration(
        **of, accuracy=(0.5,), nll=(1.0,), calibration_error=(0.1,), exits={"1": (0,)}
    )
    assert Recalibrations((longer, BEST)).having(shorter).evaluations == (longer, BEST)
    assert Recalibrations((shorter,)).having(longer).evaluations == (longer,)
    # What says something else, as after another training or on another machine, takes its place.
    for other in ({"accuracy": (0.25,)}, {"training_samples": 5}, {"exits": {}}):
        found = replace(shorter, **other)
        assert Recalibrations((longer,)).having(found).evaluations == (found,)


def test_only_what_is_of_the_same_weights_samples_and_timesteps_belongs():
    kept = Recalibrations((LAST, BEST))
    evaluation = EpochEvaluation(epoch=9, samples=8, accuracy=(0.1, 0.2))
    assert kept.of(evaluation, "abc") == LAST
    assert kept.of(evaluation, "xyz") is None
    for other in ({"epoch": 8}, {"samples": 9}, {"accuracy": (0.1, 0.2, 0.3)}):
        assert kept.of(EpochEvaluation(**(vars(evaluation) | other)), "abc") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", r"damaged \("),
        ('{"evaluations": [{}]}', "it has no evaluations/0.accuracy|it has no evaluations"),
        ('{"evaluations": [{"accuracy": [2]}]}', "accuracy at T = 1 is 2, expected a share"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, text, told):
    path = tmp_path / "recalibrated.json"
    path.write_text(text)
    with pytest.raises(DataError, match=rf"^[^\n]*recalibrated\.json: [^\n]*({told})[^\n]*$"):
        Recalibrations.read(path)
