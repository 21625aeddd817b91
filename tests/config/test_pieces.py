from tssd.config.pieces import (
    FORMER,
    ROOMS,
    alias_groups,
    aliases,
    combinations,
    path_of,
    recipe_names,
    room_of,
    rooms,
)


def test_every_room_has_its_pieces():
    assert list(rooms()) == list(ROOMS)
    assert {"digits", "cifar10", "nmnist"} <= set(rooms()["data"])
    assert {"vgg9", "resnet18"} <= set(rooms()["nets"])
    assert "small" in rooms()["scales"]
    assert "atan" in rooms()["parts"]
    assert {"vanilla_ts", "vanilla_tt", "ssd", "tsd", "tssd"} <= set(rooms()["methods"])


def test_a_piece_has_one_room_and_no_name_of_two():
    names = [name for pieces in rooms().values() for name in pieces]
    assert len(set(names)) == len(names)
    assert not any(set(name) & set("+/*_.") and name[0] in "_." for name in names)
    assert (room_of("vgg9"), path_of("vgg9")) == ("nets", "nets/vgg9")
    # Those that only serve to be extended, or for two pieces together, are none.
    for name in ("_events", "nmnist+small", "base", "aliases", "nothing", ""):
        assert room_of(name) is path_of(name) is None


def test_combinations_are_of_pieces_that_there_are():
    assert combinations()[frozenset({"nmnist", "small"})] == "scales/nmnist+small"
    assert all(room_of(name) for names in combinations() for name in names)


def test_an_alias_stands_for_a_composition():
    assert aliases()["digits/tssd"] == "digits+vgg9+tssd"
    assert aliases()["cifar10dvs/resnet18_tssd_t16"] == "cifar10dvs+resnet18+t16+tssd"
    assert set(recipe_names()) < set(aliases())
    assert len(recipe_names()) == sum(len(group.methods) for group in alias_groups())
    for means in aliases().values():
        assert all(room_of(word) for word in means.split("+"))


def test_a_method_goes_on_under_its_former_name_but_is_listed_under_its_own():
    for old, new in FORMER.items():
        assert (room_of(old), path_of(old)) == ("methods", f"methods/{new}")
        assert old not in rooms()["methods"]
        former = {name for name in aliases() if old in name}
        assert former and not former & set(recipe_names())
        assert {name.replace(old, new) for name in former} < set(recipe_names())
