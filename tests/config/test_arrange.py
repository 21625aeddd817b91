import pytest

from tssd.config.arrange import arrange
from tssd.config.piece import Piece
from tssd.config.pieces import path_of
from tssd.config.recipe import Layer, merge
from tssd.errors import UsageError


def composed(*pieces, whole=True):
    """Layers of pieces: names of the package, or (name, content) of a file."""
    made = [
        Piece.packaged(path_of(piece))
        if isinstance(piece, str)
        else Piece(piece[0], None, (Layer(*piece),))
        for piece in pieces
    ]
    return arrange("a+b", made, whole=whole)


def read(*pieces):
    return merge(composed(*pieces))


def test_rooms_come_in_one_order():
    own = ("own.yaml", {"seed": 1})
    data = ("data.yaml", {"data": {"class_path": "a.B"}})
    net = ("net.yaml", {"net": {"class_path": "a.b"}})
    found = composed(own, "tssd", "atan", "small", net, data)
    assert [layer.source for layer in found] == [
        "base",
        "data.yaml",
        "scales/small",
        "net.yaml",
        "methods/tssd",
        "parts/atan",
        "own.yaml",
        "a+b",
    ]
    found = [layer.source for layer in composed("small", "nmnist", "vgg9")]
    assert found[1:6] == [
        "nets/vgg9",
        "data/_events",
        "data/nmnist",
        "scales/small",
        "scales/nmnist+small",
    ]


def test_a_scale_may_bring_its_network_unless_one_is_named():
    brought = read("cifar10", "fast")
    assert brought == read("cifar10", "msresnet8", "fast")
    assert brought["net"]["class_path"] == "tssd.models.msresnet8"
    assert read("cifar10", "vgg9", "fast")["net"]["class_path"] == "tssd.models.vgg9"
    own = ("net.yaml", {"net": {"class_path": "a.b"}})
    assert read("cifar10", own, "fast")["net"]["class_path"] == "a.b"
    with pytest.raises(UsageError, match="no network: add one of"):
        read("cifar10", "small")


@pytest.mark.parametrize(
    ("pieces", "evaluated"),
    [
        (("nmnist", "vgg9", "vanilla_ts"), 10),
        (("nmnist", "vgg9", "glif", "vanilla_ts"), None),
        (("nmnist", "vgg9", "glif", "tssd"), 10),
        (("nmnist", "vgg9", "tebn"), None),
        (("cifar10dvs", "vgg9", "glif", "t8", "ssd"), None),
        (("digits", "vgg9", "glif"), "not there"),
        (("nmnist", "vgg9", "glif", ("own.yaml", {"trainer": {"evaluate_timesteps": 8}})), 8),
    ],
)
def test_a_part_with_rows_for_timesteps_is_evaluated_as_far_as_it_is_built(pieces, evaluated):
    assert read(*pieces)["trainer"].get("evaluate_timesteps", "not there") == evaluated


def test_a_class_comes_before_what_is_set_in_it():
    for order in (("hard_reset", "if"), ("if", "hard_reset")):
        neuron = read("digits", "vgg9", *order)["net"]["init_args"]["neuron"]
        assert neuron == {"class_path": "tssd.IF", "init_args": {"v_reset": 0.0}}


@pytest.mark.parametrize(
    ("method", "student", "teacher"),
    [
        ("vanilla_ts", 5, 5),
        ("vanilla_tt", 10, 10),
        ("ssd", 5, 5),
        ("tsd", 5, 10),
        ("tssd", 5, 10),
        ("extension", 5, 10),
        ("tssd_euclidean", 5, 10),
    ],
)
def test_data_says_the_pair_of_timesteps_and_the_method_what_it_runs_at(method, student, teacher):
    config = read("cifar10dvs", "vgg9", method)
    assert config["timesteps"] == {"student": student, "teacher": teacher}
    assert config["trainer"]["evaluate_timesteps"] == 10
    doubled = {student: 8 if student == 5 else 16, teacher: 8 if teacher == 5 else 16}
    config = read("cifar10dvs", "vgg9", "t8", method)
    assert config["timesteps"] == {"student": doubled[student], "teacher": doubled[teacher]}
    assert config["trainer"]["evaluate_timesteps"] == 16


def test_the_pair_may_come_from_a_file():
    own = ("own.yaml", {"timesteps": {"student": 3, "teacher": 7}})
    assert read("digits", "vgg9", own, "vanilla_ts")["timesteps"] == {"student": 3, "teacher": 3}
    assert read("digits", "vgg9", own, "tssd")["timesteps"] == {"student": 3, "teacher": 7}


def test_a_pair_is_told_as_that_of_the_file_which_says_it():
    own = ("own.yaml", {"timesteps": {"student": 1, "teecher": 7}})
    said = [
        layer.source
        for layer in composed("digits", "vgg9", own, "tssd")
        if "timesteps" in layer.config
    ]
    assert said[-1] == "own.yaml"


def test_what_is_no_pair_is_left_to_the_options_own_check():
    for wrong in (5, None, [1, 2], {"student": "few"}, {"teacher": None}):
        assert composed("digits", "vgg9", ("own.yaml", {"timesteps": wrong}), "vanilla_ts")


def test_without_a_method_it_is_the_fair_baseline():
    assert read("digits", "vgg9") == read("digits", "vgg9", "vanilla_ts")
    own = ("own.yaml", {"objectives": {"task": {"class_path": "a.B"}}})
    config = read("digits", "vgg9", own)
    assert set(config["objectives"]) == {"task"}
    assert config["timesteps"] == {"student": 1, "teacher": 4}
    # A file that extends adds its own.
    assert "objectives" not in merge(composed("digits", "vgg9", whole=False))


def test_descriptions_are_of_all_pieces():
    assert read("cifar10", "vgg9", "tssd")["description"] == (
        "CIFAR-10, VGG-9, TSSD, T_s = 2, T_t = 4"
    )
    assert read("vanilla_tt", "resnet18", "nmnist", "small", "if")["description"] == (
        "N-MNIST, ResNet-18, narrow, a small part, 20 epochs, IF, vanilla, trained at T = 10"
    )
    own = ("own.yaml", {"description": "mine"})
    assert read("digits", "vgg9", own, "ssd")["description"] == (
        "handwritten digits, VGG-9, mine, +SSD, T_s = 1"
    )


def test_a_file_that_is_the_data_set_is_described_as_such():
    data = ("data.yaml", {"description": "my data", "data": {"class_path": "a.B"}})
    text = "my data, VGG-9, narrow, 20 epochs, +TSD, T_s = 2, T_t = 4"
    assert read("small", "vgg9", "tsd", data)["description"] == text


def test_a_piece_that_stands_twice_counts_once():
    assert read("digits", "vgg9", "vgg9", "tssd") == read("digits", "vgg9", "tssd")
