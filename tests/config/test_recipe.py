import pytest

from tssd.config.recipe import Layer, file_content, is_packaged, merge, recipe_text
from tssd.errors import DataError, UsageError


def merged(*configs):
    return merge([Layer(f"{place}.yaml", config) for place, config in enumerate(configs)])


def test_recipe_text_of_the_package_a_file_and_a_run_folder(write):
    assert "tssd.models.vgg9" in recipe_text("nets/vgg9")
    assert recipe_text(write("own.yaml", "seed: 1 # why")) == "seed: 1 # why"
    write("run/config.yaml", "seed: 2")
    assert recipe_text("run") == "seed: 2"


def test_file_content_is_what_a_file_extends_and_says(write):
    assert file_content(write("a.yaml", "extends: b\nseed: 1")) == (["b"], {"seed": 1})
    assert file_content(write("a.yaml", "extends: [b, c]\nseed: 1"))[0] == ["b", "c"]
    assert file_content(write("a.yaml", "seed: 1")) == ([], {"seed": 1})


def test_what_is_packaged_stands_below_the_folder_of_recipes():
    assert is_packaged("nets/vgg9")
    for name in ("vgg9", "../recipes/nets/vgg9", "nets/vgg9.yaml", "nets", "nets/\0", "/etc/x"):
        assert not is_packaged(name)


def test_another_class_replaces_the_options_and_the_same_class_keeps_them():
    first = {"net": {"class_path": "tssd.models.vgg9", "init_args": {"width": 0.5}}}
    same = merged(first, {"net": {"init_args": {"num_classes": 7}}})
    assert same["net"]["init_args"] == {"width": 0.5, "num_classes": 7}
    other = merged(first, {"net": {"class_path": "tssd.models.resnet18"}})
    assert other["net"] == {"class_path": "tssd.models.resnet18"}


def test_a_class_by_its_path_or_name_alone_is_the_same_class():
    first = {"net": {"class_path": "tssd.models.vgg9", "init_args": {"width": 0.5}}}
    for same in ("tssd.models.vgg9", "vgg9", {"class_path": "vgg9"}):
        assert merged(first, {"net": same}) == first
    by_path = {"net": "tssd.models.vgg9"}
    assert merged(by_path, {"net": {"init_args": {"width": 0.5}}}) == first
    assert merged(first, {"net": "tssd.models.resnet18"})["net"] == "tssd.models.resnet18"


def test_merge_tells_which_class_took_the_place_of_which():
    neuron = {"class_path": "c.D", "init_args": {"x": 1}}
    first = Layer("a.yaml", {"net": {"class_path": "a.B", "init_args": {"neuron": neuron}}})
    other = {"net": {"init_args": {"neuron": {"class_path": "e.F"}}}, "seed": 1}
    told = []
    merge([first, Layer("b.yaml", other)], told)
    assert told == [("net.neuron", neuron, {"class_path": "e.F"}, "b.yaml")]


def test_null_removes_an_objective_and_is_a_value_below_a_class():
    config = merged(
        {"objectives": {"task": {"class_path": "a.B"}, "temporal": {"class_path": "a.C"}}},
        {"objectives": {"temporal": None}, "schedule": {"class_path": "a.D"}},
        {"data": {"init_args": {"image_size": None}}, "schedule": None},
    )
    assert set(config["objectives"]) == {"task"}
    assert config["data"]["init_args"]["image_size"] is None
    assert "schedule" not in config


def test_merging_shares_nothing_with_what_it_merged():
    first = {"data": {"init_args": {"train_samples": 1}}}
    merged(first)["data"]["init_args"]["train_samples"] = -1
    assert first["data"]["init_args"]["train_samples"] == 1


def test_a_missing_or_unreadable_file_is_named(write, tmp_path):
    with pytest.raises(UsageError, match=r"'digits/tsssd' .*did you mean digits/tssd\?"):
        recipe_text("digits/tsssd")
    with pytest.raises(UsageError, match=r"'vg9' is neither .*did you mean vgg9\?"):
        recipe_text("vg9")
    with pytest.raises(UsageError, match=r"^recipe: there is no file 'digits/tssd\.yaml'$"):
        recipe_text("digits/tssd.yaml")
    (tmp_path / "photo.yaml").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(DataError, match=r"photo\.yaml: cannot be read .*expected a YAML file"):
        recipe_text("photo.yaml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty: not a run folder"):
        recipe_text("empty")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "it holds no mapping"),
        (b"[1]", "it holds no mapping"),
        (b"{}", "no section data in it"),
        (b"data: {}\nnet: {}\ntimesteps: stu", "no section timesteps in it"),
        (bytes(50), "unacceptable character #x0000"),
        (b"\xff" * 50, "'utf-8' codec can't decode"),
    ],
)
def test_a_damaged_configuration_of_a_run_is_named(tmp_path, content, found):
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        file_content(str(tmp_path))
    assert str(caught.value).startswith(f"{path}: damaged ({found}")
    assert str(caught.value).endswith("; restore it or train again into another folder")
