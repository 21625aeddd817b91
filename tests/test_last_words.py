import pytest
import torch

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
def test_what_a_user_can_mend_is_one_line(capsys, error, expected):
    line = last_words(error)
    assert line.startswith(expected)
    assert "\n" not in line
    assert capsys.readouterr() == ("", "")


def test_a_mistake_of_ours_shows_where_it_is(capsys):
    try:
        {}["x"]
    except KeyError as error:
        line = last_words(error)
    assert line.startswith("KeyError: 'x'; this is a mistake in tssd")
    assert "test_unexpected.py" in capsys.readouterr().err


def test_the_command_line_ends_with_it(tssd, monkeypatch):
    from tssd.cli import recipes

    def fail(words):
        raise too_deep()

    monkeypatch.setattr(recipes, "run", fail)
    outcome = tssd("recipes")
    assert outcome.code == 1
    assert outcome.mistake.startswith("something is nested too deeply")
