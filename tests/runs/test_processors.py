import json

import pytest

from tssd.runs.processors import processor_of, processors, told


def run(folder, content):
    folder.mkdir()
    (folder / "environment.json").write_text(content)
    return folder


def test_a_run_says_its_processor(tmp_path):
    cpu = {"model": "EPYC", "extensions": "avx avx2", "kernels": "AVX2"}
    folder = run(tmp_path / "a", json.dumps({"cpu": cpu}))
    assert processor_of(folder) == "EPYC (avx avx2)"
    assert processor_of(run(tmp_path / "b", json.dumps({"cpu": {"model": "M1"}}))) == "M1"


@pytest.mark.parametrize(
    "content", ["{}", "[]", "{", '{"cpu": null}', '{"cpu": {"model": 3}}', '{"cpu": []}']
)
def test_a_run_that_does_not_say_is_left_out(tmp_path, content):
    folder = run(tmp_path / "old", content)
    assert processor_of(folder) is processor_of(tmp_path / "nothing") is None
    assert processors([folder]) == {}


def test_it_is_told_where_there_are_several(tmp_path):
    folders = [
        run(tmp_path / str(n), json.dumps({"cpu": {"model": model}}))
        for n, model in enumerate("ABB")
    ]
    found = processors(folders)
    assert found == {"B": 2, "A": 1}
    assert "different processors (2 of B; 1 of A)" in (told(found) or "")
    assert told(processors(folders[1:])) is told({}) is None
