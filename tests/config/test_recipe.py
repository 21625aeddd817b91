import pytest

from tssd.config.recipe import layers, merge, recipe_names, recipe_text
from tssd.errors import DataError, TssdError, UsageError


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name, text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        return name

    return write


def read(name):
    return merge(layers(name))


def test_recipe_names_leave_out_parts_that_only_serve_others():
    names = recipe_names()
    assert "digits/tssd" in names
    assert names == sorted(set(names))
    assert not any("_base" in name or "_methods" in name for name in names)


def test_recipe_text_of_a_name_a_file_and_a_run_folder(write):
    assert "digits/_base" in recipe_text("digits/tssd")
    assert recipe_text(write("own.yaml", "seed: 1 # why")) == "seed: 1 # why"
    write("run/config.yaml", "seed: 2")
    assert recipe_text("run") == "seed: 2"


def test_a_recipe_extends_others_in_order(write):
    write("a.yaml", "seed: 1\ntrainer: {epochs: 1, threads: 1}\n")
    write("b.yaml", "seed: 2\ntrainer: {epochs: 2}\n")
    write("c.yaml", "extends: [a.yaml, b.yaml]\ndescription: both\n")
    assert read("c.yaml") == {
        "seed": 2,
        "trainer": {"epochs": 2, "threads": 1},
        "description": "both",
    }
    assert [layer.source for layer in layers("c.yaml")] == ["a.yaml", "b.yaml", "c.yaml"]


def test_extends_finds_files_beside_the_one_that_extends(write):
    write("deep/base.yaml", "seed: 7\n")
    write("deep/top.yaml", "extends: base.yaml\n")
    assert read("deep/top.yaml") == {"seed": 7}
    write("deep/mine.yaml", "extends: digits/tssd\nseed: 3\n")
    assert read("deep/mine.yaml")["data"]["class_path"] == "tssd.data.Digits"


def test_another_class_replaces_the_options_and_the_same_class_keeps_them(write):
    write("a.yaml", "net: {class_path: tssd.models.vgg9, init_args: {width: 0.5}}\n")
    write("same.yaml", "extends: a.yaml\nnet: {init_args: {num_classes: 7}}\n")
    write("other.yaml", "extends: a.yaml\nnet: {class_path: tssd.models.resnet18}\n")
    assert read("same.yaml")["net"]["init_args"] == {"width": 0.5, "num_classes": 7}
    assert read("other.yaml")["net"] == {"class_path": "tssd.models.resnet18"}


def test_a_class_by_its_path_or_name_alone_is_the_same_class(write):
    write("a.yaml", "net: {class_path: tssd.models.vgg9, init_args: {width: 0.5}}\n")
    for name, same in (
        ("path", "tssd.models.vgg9"),
        ("name", "vgg9"),
        ("node", "{class_path: vgg9}"),
    ):
        write(f"{name}.yaml", f"extends: a.yaml\nnet: {same}\n")
        assert read(f"{name}.yaml") == read("a.yaml")
    write("b.yaml", "net: tssd.models.vgg9\n")
    write("c.yaml", "extends: b.yaml\nnet: {init_args: {width: 0.5}}\n")
    assert read("c.yaml") == read("a.yaml")
    write("other.yaml", "extends: a.yaml\nnet: tssd.models.resnet18\n")
    assert read("other.yaml")["net"] == "tssd.models.resnet18"


def test_merge_tells_which_class_took_the_place_of_which(write):
    write(
        "a.yaml",
        "net: {class_path: a.B, init_args: {neuron: {class_path: c.D, init_args: {x: 1}}}}",
    )
    write("b.yaml", "extends: a.yaml\nnet: {init_args: {neuron: {class_path: e.F}}}\nseed: 1\n")
    told = []
    merge(layers("b.yaml"), told)
    old = {"class_path": "c.D", "init_args": {"x": 1}}
    assert told == [("net.neuron", old, {"class_path": "e.F"}, "b.yaml")]


def test_null_removes_an_objective_and_is_a_value_below_a_class(write):
    write(
        "mine.yaml",
        "extends: digits/tssd\n"
        "objectives: {temporal: null}\n"
        "data: {init_args: {image_size: null}}\n"
        "schedule: null\n",
    )
    config = read("mine.yaml")
    assert set(config["objectives"]) == {"task", "spatial", "exit_task"}
    assert config["data"]["init_args"]["image_size"] is None
    assert "schedule" not in config


def test_merging_shares_nothing_with_what_it_merged(write):
    first = read("digits/tssd")
    first["data"]["init_args"]["train_samples"] = -1
    assert read("digits/tssd")["data"]["init_args"]["train_samples"] != -1


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
        ("extends: {a: 1}", "own.yaml: extends: got {'a': 1}, expected a recipe or a list"),
        ("extends: [1]", "own.yaml: extends: got [1], expected a recipe or a list of recipes"),
        ("extends: own.yaml", "own.yaml: extends: it goes in a circle, own.yaml -> own.yaml"),
    ],
)
def test_a_broken_file_is_named(write, text, message):
    with pytest.raises(TssdError) as error:
        layers(write("own.yaml", text))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_extends_in_a_wider_circle(write):
    write("a.yaml", "extends: b.yaml\n")
    write("b.yaml", "extends: [digits/tssd, a.yaml]\n")
    with pytest.raises(UsageError, match=r"b\.yaml: extends: .*a\.yaml -> b\.yaml -> a\.yaml"):
        layers("a.yaml")


def test_a_missing_or_unreadable_recipe_is_named(write, tmp_path):
    with pytest.raises(UsageError, match=r"'digits/tsssd' .*did you mean digits/tssd\?"):
        layers("digits/tsssd")
    with pytest.raises(UsageError, match=r"^recipe: there is no file 'digits/tssd\.yaml'$"):
        layers("digits/tssd.yaml")
    (tmp_path / "photo.yaml").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(DataError, match=r"photo\.yaml: cannot be read .*expected a YAML file"):
        layers("photo.yaml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty: not a run folder"):
        layers("empty")
