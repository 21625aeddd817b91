from tssd.cli.console import WIDE, console


def test_the_width_is_that_of_columns_or_wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "72")
    assert console().width == 72
    monkeypatch.delenv("COLUMNS")
    assert console().width == WIDE
