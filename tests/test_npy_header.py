import pytest

from tssd.npy_header import parsed


class Reader:
    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "header"


def test_a_parser_that_other_threads_disturbed_is_asked_again():
    read = Reader(SystemError("AST constructor recursion depth mismatch"), SystemError("again"))
    assert parsed(read) == "header"
    assert read.calls == 3


def test_what_is_wrong_with_the_text_is_not_asked_twice():
    read = Reader(ValueError("no header"))
    with pytest.raises(ValueError, match="no header"):
        parsed(read)
    assert read.calls == 1


def test_it_ends():
    read = Reader(*(SystemError(str(n)) for n in range(100)))
    with pytest.raises(SystemError, match="^9$"):
        parsed(read)
    assert read.calls == 10
