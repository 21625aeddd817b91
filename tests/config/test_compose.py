from itertools import permutations

import pytest

from tssd.config.compose import canonical, composition_of, folder_of, layers, matching, words_of
from tssd.config.pieces import rooms
from tssd.config.recipe import merge
from tssd.errors import TssdError, UsageError

ATAN = "net: {init_args: {neuron: {init_args: {surrogate: {class_path: tssd.surrogates.ATan}}}}}\n"


def read(name):
    return merge(layers(name))


def surrogate(config):
    return config["net"]["init_args"]["neuron"]["init_args"]["surrogate"]["class_path"]


def test_pieces_in_any_order_are_one_recipe():
    orders = ["+".join(order) for order in permutations(["digits", "vgg9", "atan", "tssd"])]
    first = read(orders[0])
    assert all(read(order) == first for order in orders)
    assert {canonical(order) for order in orders} == {"digits+vgg9+atan+tssd"}
    assert first["data"]["class_path"] == "tssd.data.Digits"
    assert first["timesteps"] == {"student": 1, "teacher": 4}
    assert surrogate(first) == "tssd.surrogates.ATan"


def test_an_alias_is_its_composition_and_may_be_a_piece_of_another():
    expected = read("digits+vgg9+tssd")
    assert read("digits/tssd") == expected
    assert read("digits/tssd+atan") == read("digits+vgg9+tssd+atan")
    assert composition_of("digits/tssd") == "digits+vgg9+tssd"
    assert canonical("digits/tssd") == "digits/tssd"


def test_a_former_name_is_the_same_recipe_in_the_folder_that_it_had():
    now = read("cifar10+vgg9+tssd_euclidean")
    for name in ("cifar10+vgg9+tssd_literal", "tssd_literal+vgg9+cifar10"):
        assert read(name) == now
        assert folder_of(name) == "cifar10+vgg9+tssd_literal"
        assert composition_of(name) == "cifar10+vgg9+tssd_euclidean"
    assert read("cifar10/vgg9_tssd_literal") == now
    assert folder_of("cifar10/vgg9_tssd_literal") == "cifar10/vgg9_tssd_literal"
    assert not [name for name in matching("cifar10/vgg9_*") if "literal" in name]
    assert "digits+vgg9+tssd_literal" not in matching("digits+vgg9+*")


def test_a_file_may_be_a_piece_and_wins_over_those_of_the_package(write):
    write("my/part.yaml", ATAN + "optimizer: {init_args: {lr: 0.5}}\n")
    config = read("digits+my/part.yaml+vgg9+sigmoid+tssd")
    assert surrogate(config) == "tssd.surrogates.ATan"
    assert config["optimizer"]["init_args"]["lr"] == 0.5
    assert [layer.source for layer in layers("digits+vgg9+my/part.yaml")][-2:] == [
        "my/part.yaml",
        "digits+vgg9+my/part.yaml",
    ]
    # Of two files the later one.
    write("more.yaml", "optimizer: {init_args: {lr: 0.25}}\n")
    for order, rate in (("my/part.yaml+more.yaml", 0.25), ("more.yaml+my/part.yaml", 0.5)):
        assert read(f"digits+vgg9+{order}+tssd")["optimizer"]["init_args"]["lr"] == rate


def test_a_file_may_be_the_data_set_or_the_network(write):
    write("data.yaml", "data: {class_path: my.Data}\ntrainer: {epochs: 7}\n")
    write("net.yaml", "net: {class_path: my.net, init_args: {depth: 3}}\n")
    own_data = read("data.yaml+vgg9+tssd")
    assert own_data["data"] == {"class_path": "my.Data"}
    assert own_data["trainer"] == {"epochs": 7}
    assert own_data["timesteps"] == {"student": 2, "teacher": 4}
    # Data comes before the scale.
    assert read("small+data.yaml+vgg9+tssd")["trainer"] == {"epochs": 20, "threads": 1}
    # A network of one's own takes no width from digits, yet what parts change in it.
    norm = {"depth": 3, "norm": "tssd.norms.per_step_batch_norm"}
    assert read("digits+net.yaml+per_step_norm+tssd")["net"]["init_args"] == norm


def test_a_composition_may_be_extended(write):
    write("deep/part.yaml", ATAN)
    write("deep/mine.yaml", "extends: digits+vgg9+part.yaml+tssd\nseed: 3\n")
    config = read("deep/mine.yaml")
    assert (config["seed"], surrogate(config)) == (3, "tssd.surrogates.ATan")
    # Pieces side by side in a list are one composition, whole or not.
    write("list.yaml", "extends: [tssd, digits, vgg9]\n")
    assert read("list.yaml") == read("digits+vgg9+tssd")
    write("less.yaml", "extends: [vgg9, tssd]\ndata: {class_path: my.Data}\n")
    assert read("less.yaml")["data"] == {"class_path": "my.Data"}
    # A file with pieces in it is a piece.
    write("base.yaml", "extends: vgg9+digits\ntrainer: {epochs: 2}\n")
    config = read("base.yaml+tssd")
    assert config["trainer"]["epochs"] == 2
    assert config["timesteps"] == {"student": 1, "teacher": 4}
    with pytest.raises(UsageError, match=r"two networks, vgg9 and resnet18"):
        layers("base.yaml+resnet18")


def test_files_extend_files_in_order_and_beside_them(write):
    write("a.yaml", "seed: 1\ntrainer: {epochs: 1, threads: 1}\n")
    write("b.yaml", "seed: 2\ntrainer: {epochs: 2}\n")
    write("c.yaml", "extends: [a.yaml, b.yaml]\ndescription: both\n")
    trainer = {"epochs": 2, "threads": 1}
    assert read("c.yaml") == {"seed": 2, "trainer": trainer, "description": "both"}
    assert [layer.source for layer in layers("c.yaml")] == ["a.yaml", "b.yaml", "c.yaml"]
    write("deep/base.yaml", "seed: 7\n")
    write("deep/top.yaml", "extends: base.yaml\n")
    assert read("deep/top.yaml") == {"seed": 7}


def test_words_of_a_file_are_none(write):
    write("c++/own.yaml", "seed: 1")
    run = {"seed": 2, "data": {}, "net": {}, "timesteps": {}, "objectives": {}}
    write("runs/digits+vgg9+tssd/seed0/config.yaml", f"{run}")
    assert words_of("c++/own.yaml") is words_of("own.yaml") is None
    assert read("c++/own.yaml") == {"seed": 1}
    assert read("runs/digits+vgg9+tssd/seed0") == run


def test_a_star_stands_for_methods_or_any_part_of_an_alias():
    assert matching("digits/*") == ["digits/tssd", "digits/vanilla_ts", "digits/vanilla_tt"]
    assert matching("t*sd+vgg9+digits") == ["digits+vgg9+tsd", "digits+vgg9+tssd"]
    assert matching("digits+vgg9+x*") == matching("x*") == []
    assert matching("digits+*+tssd") == []  # it has a method already


def test_the_folder_of_a_composition_is_always_below(write, tmp_path):
    write("here/my/part.yaml", ATAN)
    assert folder_of("digits/tssd") == "digits/tssd"
    assert folder_of("tssd+vgg9+digits") == "digits+vgg9+tssd"
    name = folder_of("digits+here/my/part.yaml+vgg9")
    assert name == folder_of(f"digits+vgg9+{tmp_path / 'here/my/part.yaml'}")
    assert name == "digits+vgg9+here-my-part.yaml"
    assert folder_of("digits+vgg9+../x/part.yaml") == "digits+vgg9+part.yaml"
    assert len(folder_of("+".join(["digits"] + [f"{n:050}.yaml" for n in range(9)]))) < 100


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tssd", "tssd: no data: add one of cifar10, cifar100, "),
        ("vgg9+tssd", "vgg9+tssd: no data: add one of cifar10, "),
        ("digits", f"digits: no network: add one of {', '.join(rooms()['nets'])}"),
        (
            "digits+vg9",
            "recipe: 'vg9' in 'digits+vg9' is neither a piece of a recipe nor a YAML file",
        ),
        ("digits/tsd+atan", "did you mean digits/tssd?"),
        ("digits++vgg9", "'' in 'digits++vgg9' is neither a piece"),
        ("digits+vgg9+x.yaml", "recipe: there is no file 'x.yaml'"),
        ("digits+vgg9+.", "'.' in 'digits+vgg9+.' is a folder, expected a piece"),
        ("+".join(["digits"] * 99 + ["vg9"]), "is neither a piece"),
        ("x" * 999, "is neither a recipe nor a YAML file"),
        ("dgits", "recipe: 'dgits' is neither a recipe nor a YAML file; did you mean digits?"),
    ],
)
def test_what_makes_no_recipe_is_told(name, message):
    with pytest.raises(UsageError) as error:
        layers(name)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "seed: 1\nseed: 2",
            "own.yaml: not valid YAML (the key 'seed' stands twice in one mapping",
        ),
        ('extends: "\\0"', "own.yaml: extends: '\\x00' is not the name of a file"),
        ("seed: 1 #" + "x" * 1_000_000, "own.yaml: 1000009 bytes, expected a recipe of 1000000 at"),
        ("seed: [1", "own.yaml: not valid YAML (while parsing a flow sequence"),
        ("- 1\n- 2", "own.yaml: expected a mapping of sections such as net and data, got list"),
        ("", "own.yaml: expected a mapping of sections such as net and data, got nothing"),
        ("extends: digits/tsd", "own.yaml: extends: 'digits/tsd' is neither a recipe nor a YAML"),
        ("extends: digits+vg9", "own.yaml: extends: 'vg9' in 'digits+vg9' is neither a piece of"),
        ("extends: {a: 1}", "own.yaml: extends: got {'a': 1}, expected a recipe or a list"),
        ("extends: [1]", "own.yaml: extends: got [1], expected a recipe or a list of recipes"),
        ("extends: own.yaml", "own.yaml: extends: it goes in a circle, own.yaml -> own.yaml"),
        ("extends: vgg9+own.yaml", "own.yaml: extends: it goes in a circle, own.yaml -> own.yaml"),
    ],
)
def test_a_broken_file_is_named(write, text, message):
    for name in (write("own.yaml", text), "digits+vgg9+own.yaml"):
        with pytest.raises(TssdError) as error:
            layers(name)
        assert message in str(error.value)
        assert "\n" not in str(error.value)


def test_extends_in_a_wider_circle(write):
    write("a.yaml", "extends: b.yaml\n")
    write("b.yaml", "extends: [digits/tssd, a.yaml]\n")
    with pytest.raises(UsageError, match=r"b\.yaml: extends: .*a\.yaml -> b\.yaml -> a\.yaml"):
        layers("a.yaml")
