"""The Python of every page runs as it stands, one block after the other, as a reader pastes it."""

import re
import shutil

import pytest

from .pages import PAGES, blocks

PYTHON = {page: blocks(page, "python") for page in PAGES}
LEFT_OUT = [block for found in PYTHON.values() for block in found if block.reason is not None]
RUN = re.compile(r"\"(runs/[^\"]+)\"")


@pytest.mark.parametrize("page", [p for p in PAGES if PYTHON[p]], ids=lambda page: page.stem)
def test_the_blocks_of_a_page_run(page, paste, trained, tmp_path, capsys):
    text = "".join(block.text for block in PYTHON[page])
    for name in dict.fromkeys(RUN.findall(text)):
        shutil.copytree(trained, tmp_path / name)  # stands for a run that takes longer
    for block in PYTHON[page]:
        if block.reason is None:
            paste(block.text, str(page), block.line)
            printed = capsys.readouterr().out
            assert block.prints in (None, printed), f"{block.name} prints {printed}"


@pytest.mark.parametrize("block", LEFT_OUT, ids=lambda block: block.name)
def test_a_block_that_is_not_run_says_why(block):
    assert len(block.reason) > 10
    compile(block.text, block.name, "exec")
    pytest.skip(block.reason)
