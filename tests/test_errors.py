import pytest

import tssd
from tssd.errors import DataError, TssdError, UsageError, printable


def test_exit_codes_tell_a_wrong_option_from_damaged_data():
    assert (TssdError.exit_code, DataError.exit_code, UsageError.exit_code) == (1, 1, 2)


@pytest.mark.parametrize("error", [DataError, UsageError])
def test_every_error_is_caught_as_a_tssd_error_and_prints_its_line(error):
    with pytest.raises(TssdError, match="^what was found$"):
        raise error("what was found")


def test_usage_errors_are_value_errors_and_data_errors_are_not():
    # Library users write `except ValueError` around a constructor; a missing file is no such thing.
    assert issubclass(UsageError, ValueError)
    assert not issubclass(DataError, ValueError)


def test_the_package_exports_its_errors():
    assert (tssd.TssdError, tssd.UsageError, tssd.DataError) == (TssdError, UsageError, DataError)


def test_names_of_files_cannot_steer_a_terminal():
    name = "a\x1b[2J\r\udcff\u202egpj.png"
    assert printable(name) == r"a\x1b[2J\r\udcff\u202egpj.png"
    assert str(DataError(f"{name} is gone")) == r"a\x1b[2J\r\udcff\u202egpj.png is gone"
    assert printable("zwei Zeilen,\nübrig: 日本") == "zwei Zeilen,\nübrig: 日本"
