import hashlib
from pathlib import Path

import numpy as np
import pytest

from tssd.data.contents import END, FileSet, file_digest, same_files
from tssd.errors import DataError


def test_the_whole_digest_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(range(256)) * 9000)  # over two blocks
    assert file_digest(path, whole=True) == hashlib.sha256(path.read_bytes()).digest()


@pytest.mark.parametrize("size", [0, 5, END, END + 3, 2 * END, 3 * END])
def test_the_other_digest_sees_the_size_and_both_ends(tmp_path, size):
    path = tmp_path / "a"
    content = bytes(n % 251 for n in range(size))

    def digest(changed):
        path.write_bytes(changed)
        return file_digest(path, whole=False)

    before = digest(content)
    assert digest(content + b"\0") != before
    for place in {0, size - 1, min(size - 1, END)} if size else ():
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        at_an_end = place < END or place >= size - END
        assert (digest(changed) != before) == at_an_end


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(DataError, match=r"a\.png cannot be read \(No such file or directory\)"):
        file_digest(tmp_path / "a.png", whole=True)


def files(name, **content):
    """Files by class: the letters of a word are their contents."""
    paths = [Path(name, label, str(n)) for label, word in content.items() for n in range(len(word))]
    labels = np.repeat(np.arange(len(content)), [len(word) for word in content.values()])
    return FileSet(name, paths, labels, [c.encode() for word in content.values() for c in word])


def test_files_in_two_sets_or_two_classes_are_found():
    assert same_files([files("training", a="pqr", b="stu"), files("test", a="v", b="w")]) == []
    assert same_files([files("training", a="ppq")]) == []  # twice in one class is only waste
    assert same_files([files("training", a="pqr", b="rpt"), files("test", a="xp", b="t")]) == [
        "2 of 6 training images are in two classes (first: training/b/0 is training/a/2)",
        "2 of 3 test images are training images too (first: test/a/1 is training/b/1)",
    ]
