import pytest

from tssd.config import recipe_names


@pytest.fixture(scope="session")
def every_recipe():
    return recipe_names()


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a file below the current folder, which is an empty one; its name."""
    monkeypatch.chdir(tmp_path)

    def write(name, text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        return name

    return write
