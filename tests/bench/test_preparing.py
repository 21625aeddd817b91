import pytest

from tssd.bench import preparing
from tssd.bench.preparing import prepare
from tssd.bench.runtimes import Opening, Runtime
from tssd.errors import UsageError
from tssd.exporting.request import UnsupportedError


def stand_in(name, write=None, needs=()):
    return Runtime(name, "float32", True, needs, "engine", write, lambda opening: None)


def unsupported(*_):
    raise UnsupportedError("node 'a' (max_pool): no")


@pytest.fixture
def made(trained, tmp_path):
    def made(*runtimes):
        opening = Opening(str(trained), None, (), tmp_path, 1)
        return prepare(opening, runtimes, {"float32": {1: "request"}}, images=True)

    return made


def test_each_writes_into_a_folder_of_its_own(made, tmp_path):
    seen = []

    def write(folder, graph, requests, images):
        seen.append((folder, folder.is_dir(), graph, requests, images))

    ready, absent, graph = made(stand_in("plain"), stand_in("a", write), stand_in("b", write))
    assert [each.name for each in ready] == ["plain", "a", "b"]
    assert [(folder, there) for folder, there, *_ in seen] == [
        (tmp_path / "a", True),
        (tmp_path / "b", True),
    ]
    assert seen[0][2] is seen[1][2] is graph()  # the network becomes a graph once
    assert (seen[0][3:], absent) == (({1: "request"}, True), {})


def test_what_can_not_have_the_network_says_why(made):
    ready, absent, _ = made(stand_in("a", unsupported), stand_in("b", needs=("no_such_package",)))
    assert ready == []
    assert absent == {
        "a": "node 'a' (max_pool): no",
        "b": "no_such_package is not installed: pip install 'tssd[engine]'",
    }


def test_a_network_that_is_no_graph_runs_where_none_is_needed(made, monkeypatch):
    def refuse(net):
        raise UsageError("neuron: GLIF is no operation")

    monkeypatch.setattr(preparing, "lower", refuse)
    ready, absent, _ = made(stand_in("plain"), stand_in("a", unsupported))
    assert [each.name for each in ready] == ["plain"]
    assert absent == {"a": "neuron: GLIF is no operation"}
