from dataclasses import replace

import pytest

from tssd.errors import DataError
from tssd.reproduce.earlier_table import known, known_plainly, refuse_others
from tssd.reproduce.plan import Variant
from tssd.reproduce.runs import plan_runs

from .fabricated import TSSD, VANILLA, cell
from .test_record import WHOLE


def test_a_run_is_known_if_all_that_its_cells_show_is(tmp_path):
    cells = [cell("one", TSSD, at=1), cell("one", TSSD, at=2)]
    runs = plan_runs([TSSD, VANILLA], [2, 3], tmp_path)
    again = replace(WHOLE, accuracy={1: 0.9, 2: 0.9})
    # Neither another seed nor another network, and of two lines the first.
    assert known([WHOLE, again], runs, cells, "small") == {runs[1]: WHOLE}
    assert known([WHOLE], runs, [*cells, cell("one", TSSD, at=3)], "small") == {}
    afresh = replace(cell("one", TSSD, at=2), recalibrated=True)
    assert known([WHOLE], runs, [*cells, afresh], "small") == {runs[1]: WHOLE}
    never = replace(WHOLE, recalibrated={})
    assert known([never], runs, [*cells, afresh], "small") == {}
    assert known([never, WHOLE], runs, [*cells, afresh], "small") == {runs[1]: WHOLE}


def test_a_run_is_known_by_an_alias_of_its_recipe(tmp_path):
    alias = Variant.parse("digits/tssd --timesteps.student=1")
    composed = Variant.parse("digits+vgg9+tssd --timesteps.student=1")
    for planned, recorded in [(alias, composed), (composed, alias)]:
        record = replace(WHOLE, train=recorded.words)
        (run,) = plan_runs([planned], [WHOLE.seed], tmp_path)
        assert known([record], [run], [cell("one", planned, at=1)], "small") == {run: record}


def test_a_run_without_recalibrated_accuracy_is_known_for_the_other_cells(tmp_path):
    afresh = replace(cell("one", TSSD, at=2), recalibrated=True)
    runs = plan_runs([TSSD, VANILLA], [3], tmp_path)
    never = replace(WHOLE, recalibrated={})
    for record in (never, replace(WHOLE, recalibrated={1: 0.2})):
        cells = [cell("one", TSSD, at=1), afresh]
        assert known_plainly([record], runs, cells, "small") == {runs[0]: never}
    # All that is shown of it is recalibrated; or its T is not there.
    assert known_plainly([never], runs, [afresh, cell("one", VANILLA)], "small") == {}
    assert known_plainly([never], runs, [afresh, cell("one", TSSD, at=3)], "small") == {}


def test_other_weights_and_other_options_are_other_runs():
    refuse_others([WHOLE], "last", "--trainer.epochs=3")
    with pytest.raises(DataError, match="is of the last epoch, this table of the best one; give"):
        refuse_others([WHOLE], "best", "--trainer.epochs=3")
    with pytest.raises(DataError, match="was given --trainer.epochs=3, this command gives none"):
        refuse_others([WHOLE], "last", "")
