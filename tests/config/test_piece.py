from tssd.config.piece import Piece, leaves
from tssd.config.recipe import Layer


def own(config):
    return Piece("own.yaml", None, (Layer("own.yaml", config),))


def test_a_file_of_the_package_comes_after_those_that_it_extends():
    piece = Piece.packaged("data/nmnist")
    assert (piece.name, piece.room) == ("nmnist", "data")
    assert [layer.source for layer in piece.layers] == ["data/_events", "data/nmnist"]
    assert piece.config["timesteps"] == {"student": 5, "teacher": 10}


def test_what_is_said_to_the_composition_is_no_section():
    piece = Piece.packaged("methods/vanilla_tt")
    assert piece.runs_at == {"student": "teacher"}
    assert not piece.config.get("timesteps")
    piece = Piece.packaged("methods/extension")  # by the method that it extends
    assert piece.needs == "longer teacher"
    assert "needs" not in piece.config
    piece = Piece.packaged("scales/fast")
    assert piece.network == "msresnet8"
    assert "network" not in piece.config
    piece = Piece.packaged("parts/glif")
    assert piece.longest == "teacher"
    assert "longest" not in piece.config


def test_a_piece_fills_its_room_and_a_file_those_whose_class_it_names():
    assert Piece.packaged("nets/vgg9").fills == ["nets"]
    assert Piece.packaged("parts/t8").fills == []
    assert own({"data": {"class_path": "a.B"}, "net": "a.c"}).fills == ["data", "nets"]
    assert own({"objectives": {"task": {"class_path": "a.B"}}}).fills == ["methods"]
    assert own({"objectives": {"mine": {"class_path": "a.B"}}}).fills == []
    assert own({"data": {"init_args": {"batch_size": 1}}}).fills == []


def test_leaves_are_dotted_options():
    neuron = {"class_path": "a.N", "init_args": {"tau": 3, "taps": [1, {"x": 2}]}}
    config = {"net": {"init_args": {"neuron": neuron}}, "timesteps": {"student": 1}}
    assert list(leaves(config)) == [
        ("net.neuron", "a.N"),
        ("net.neuron.tau", 3),
        ("net.neuron.taps", [1, {"x": 2}]),
        ("timesteps.student", 1),
    ]
