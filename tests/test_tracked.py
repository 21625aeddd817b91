import pytest

from tssd.tracked import tracked


@pytest.mark.parametrize("terminal", ["1", ""])
@pytest.mark.parametrize("progress", [True, False])
def test_a_bar_is_on_standard_error_where_somebody_looks(capsys, monkeypatch, terminal, progress):
    monkeypatch.setenv("FORCE_COLOR", terminal)
    items = [object(), object()]
    assert list(tracked(items, "think", progress=progress)) == items
    captured = capsys.readouterr()
    assert captured.out == ""
    assert ("think" in captured.err) == bool(terminal and progress)
    assert ("100%" in captured.err) == bool(terminal and progress)
