import pytest

from tssd.report.same_options import other_option

BASE = """description: a
seed: 0
optimizer:
  lr: 0.1
trainer:
  progress: true
  epochs: 3
"""


@pytest.fixture
def differ(tmp_path):
    def write(name, text):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "config.yaml"
        path.write_text(text)
        return path

    return lambda text: other_option(write("seed1", text), write("seed0", BASE))


@pytest.mark.parametrize(
    ("line", "other"),
    [("seed: 0", "seed: 7"), ("true", "false"), ("description: a", "description: b")],
)
def test_seed_and_display_may_differ(differ, line, other):
    alike = BASE.replace(line, other)
    assert alike != BASE
    assert differ(alike) is None


def test_the_first_other_option_is_named(differ):
    text = BASE.replace("0.1", "0.05").replace("3", "9")
    assert differ(text) == "'lr: 0.05' where seed0 has 'lr: 0.1'"


def test_an_option_more_or_less_is_a_difference(differ):
    assert differ(BASE + "  threads: 1\n") == "'threads: 1' where seed0 has 'nothing'"
