import argparse

import pytest

from tssd.cli.parser import (
    MOST_EVALUATED,
    MOST_SEED,
    MOST_TIMESTEPS,
    CommandParser,
    at_least,
    not_empty,
    timesteps_of,
    whole_numbers,
)
from tssd.errors import UsageError
from tssd.trained import LONGEST
from tssd.training import settings


@pytest.fixture
def parser():
    parser = CommandParser("train", usage="RECIPE", epilog="")
    parser.add_argument("recipe", nargs="?")
    parser.add_argument("--output", type=not_empty)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--jobs", type=at_least(1))
    return parser


def test_options_of_the_recipe_stand_anywhere(parser):
    words = ["--net.width", "0.5", "digits/tssd", "--a=b=c", "--resume", "--trainer.progress"]
    args, overrides = parser.parse_with_recipe([*words, "--output", "here"])
    assert (args.recipe, args.output, args.resume) == ("digits/tssd", "here", True)
    assert overrides == [("net.width", "0.5"), ("a", "b=c"), ("trainer.progress", "true")]


def test_negative_numbers_and_lists_are_values(parser):
    _, overrides = parser.parse_with_recipe(["x", "--exits.taps", "[-1]", "--seed", "-1"])
    assert overrides == [("exits.taps", "[-1]"), ("seed", "-1")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["x", "--outptu", "here"], "--outptu: no such option; did you mean --output?"),
        (["x", "--resum"], "--resum: no such option; did you mean --resume?"),
        (["x", "y"], "unexpected: y; `tssd train --help`"),
        (["x", "-o", "y"], "unexpected: -o"),
        (["x", "--output"], "--output: expected one argument"),
        (["x", "--output", ""], "--output: got '', which says nothing; leave the option out"),
        (["x", "--output= "], "--output: got ' ', which says nothing"),
        (["x", "--jobs", "two"], "--jobs: got 'two', expected a whole number >= 1"),
        (["x", "--jobs=0"], "--jobs: got '0', expected a whole number >= 1"),
        (["x", "--resume=yes"], "--resume: ignored explicit argument 'yes'"),
    ],
)
def test_a_mistake_is_a_usage_error(parser, words, expected):
    with pytest.raises(UsageError) as error:
        parser.parse_with_recipe(words)
    assert expected in str(error.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("net.width", "--net.width: a trained run keeps it; only data and trainer can change"),
        ("seed", "--seed: a trained run keeps it"),
        (
            "trainer.precision",
            "--trainer.precision: is of the training, which is over; of trainer, ",
        ),
        ("trainer.epochs", "--trainer.epochs: is of the training"),
        ("jbos", "--jbos: no such option; did you mean --jobs?"),
    ],
)
def test_what_a_trained_run_keeps_is_refused(parser, name, expected):
    with pytest.raises(UsageError) as error:
        parser.refuse_fixed([("data.root", "x"), (name, "1")], changeable=("data", "trainer"))
    assert str(error.value).startswith(expected)


def test_what_is_of_a_trained_run_or_misspelt_is_left_to_who_reads_it(parser):
    given = [
        "data",
        "data.root",
        "trainer.threads",
        "trainer.init_args.accelerator",
        "trainer.epocs",
    ]
    parser.refuse_fixed([(name, "1") for name in given], changeable=("data", "trainer"))


def test_sections_of_a_recipe_are_not_misspelt_options(parser):
    _, overrides = parser.parse_with_recipe(["x", "--optimizer", "torch.optim.Adam"])
    assert overrides == [("optimizer", "torch.optim.Adam")]


def test_a_command_without_a_recipe_takes_its_own_options_only(parser):
    assert parser.parse(["x", "--resume"]).resume
    with pytest.raises(UsageError, match=r"--net\.width: no such option; valid are --help, "):
        parser.parse(["x", "--net.width", "1"])


@pytest.mark.parametrize(
    "words",
    [
        ["run", "a", "b", "--jobs", "2", "--resume"],
        ["run", "--jobs", "2", "a", "--resume", "b"],
        ["--jobs=2", "run", "--resume", "a", "b"],
        ["run", "a", "--resume", "b", "--jobs=2"],
    ],
)
def test_options_stand_anywhere_among_several_words(words):
    parser = CommandParser("predict", usage="RUN FILE...", epilog="")
    parser.add_argument("run", nargs="?")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--jobs", type=at_least(1))
    args = parser.parse(words)
    assert (args.run, args.files, args.jobs, args.resume) == ("run", ["a", "b"], 2, True)
    args, overrides = parser.parse_with_recipe([*words, "--net.width", "1"])
    assert (args.run, args.files, overrides) == ("run", ["a", "b"], [("net.width", "1")])


def test_at_least():
    number = at_least(0)
    assert number("0") == 0
    for text in ("-1", "x", "0.5", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number >= 0"):
            number(text)


def test_the_longest_t_is_that_of_trained_networks():
    assert MOST_TIMESTEPS == LONGEST
    assert timesteps_of("1000") == LONGEST
    for text in ("1001", "0", "two"):
        with pytest.raises(argparse.ArgumentTypeError, match=f"got '?{text}"):
            timesteps_of(text)


def test_whole_numbers():
    assert whole_numbers("seeds", "2, 0,2", least=0) == [2, 0]
    for wrong in ("", "a", "1,", "1;2", "-1", "1.5"):
        with pytest.raises(
            UsageError, match=f"--seeds: got '{wrong}', expected whole numbers >= 0"
        ):
            whole_numbers("seeds", wrong, least=0)
    with pytest.raises(UsageError, match="expected whole numbers >= 1 such as 1,2,4"):
        whole_numbers("timesteps", "0,1", least=1)


@pytest.mark.parametrize("large", ["1,100001", "99999999999", "9" * 5000])
def test_numbers_that_are_too_large_are_told_the_largest(large):
    with pytest.raises(UsageError, match=r"expected whole numbers from 1 to 100000 such as 1,2,4"):
        whole_numbers("timesteps", large, least=1, most=MOST_EVALUATED)
    assert whole_numbers("seeds", f"{MOST_SEED}", least=0, most=MOST_SEED) == [2**32 - 1]


def test_without_a_largest_number_those_that_are_none_to_python_are_refused():
    with pytest.raises(UsageError, match="expected whole numbers of at most 20 digits"):
        whole_numbers("batch", "9" * 5000, least=1)
    assert whole_numbers("batch", "99999999999", least=1) == [99999999999]


def test_the_longest_evaluation_is_that_of_the_trainer():
    assert MOST_EVALUATED == settings.MOST_TIMESTEPS
