from pathlib import Path

from tssd.many_runs import PlannedRun

RUN = PlannedRun("digits/tssd", 3, Path("out/seed3"), (("net.width", "0.5"), ("data.root", "a=b")))


def test_its_words_are_a_command_of_tssd():
    assert RUN.words() == [
        "train",
        "digits/tssd",
        "--output=out/seed3",
        "--resume",
        "--net.width=0.5",
        "--data.root=a=b",
        "--seed=3",
    ]


def test_its_words_say_all_of_it():
    for run in (RUN, RUN._replace(options=()), RUN._replace(recipe="my recipe.yaml")):
        assert PlannedRun.of(run.words()) == run
