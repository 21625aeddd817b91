import pytest
import torch

from tssd.errors import DataError, UsageError
from tssd.last_words import last_words


def too_large():
    try:
        torch.empty(2**50)
    except RuntimeError as error:
        return error


def too_deep():
    try:
        return too_deep()
    except RecursionError as error:
        return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), "out of memory (MemoryError); lower --data.batch_size"),
        (too_large(), "out of memory (RuntimeError: [enforce fail at alloc_cpu.cpp"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried"), "out of memory (OutOfMemoryError: "),
        (ImportError("x.so: failed to map segment from shared object"), "out of memory (ImportErr"),
        (RecursionError("maximum"), "something is nested too deeply (RecursionError: maximum)"),
        (OverflowError("int too big"), "a number is too large (OverflowError: int too big)"),
        (UnicodeEncodeError("ascii", "±", 0, 1, "no"), "text that cannot be read or printed (Uni"),
    ],
)
def test_what_a_user_can_mend_is_one_line(error, expected):
    line, code, details = last_words(error)
    assert line.startswith(expected)
    assert "\n" not in line
    assert (code, details) == (1, "")


def test_what_speaks_for_itself_is_not_changed():
    assert last_words(UsageError("--x: no")) == ("--x: no", 2, "")
    assert last_words(DataError("x: gone")) == ("x: gone", 1, "")
    assert last_words(OSError("no space")) == ("no space", 1, "")


def test_a_mistake_of_ours_shows_where_it_is():
    try:
        {}["x"]
    except KeyError as error:
        line, code, details = last_words(error)
    assert line.startswith("KeyError: 'x'; this is a mistake in tssd")
    assert code == 1
    assert "test_last_words.py" in details
