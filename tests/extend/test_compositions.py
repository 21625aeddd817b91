import pytest

from tssd.config import load_recipe
from tssd.config.recipe import file_content

from .conftest import FOLDER

PARTS = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_a_recipe_part_is_a_piece_with_those_of_the_package(part, path):
    said = file_content(str(path))[1]
    whole = {section for section in ("data", "net") if "class_path" in said.get(section, {})}
    others = {"data": "digits", "net": "vgg9"}
    words = [str(path), *(others[section] for section in others.keys() - whole), "tssd"]
    config = load_recipe("+".join(words))
    assert said["description"] in config["description"]
    for section in whole:
        assert config[section]["class_path"] == said[section]["class_path"]
