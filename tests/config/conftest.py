import pytest

from tssd.config import recipe_names


@pytest.fixture(scope="session")
def every_recipe():
    return recipe_names()
