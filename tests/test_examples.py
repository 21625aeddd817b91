import importlib.util
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
REASON = "needs the extra: pip install tssd[interop]"


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "library"),
    [("plain", None), ("spikingjelly_net", "spikingjelly"), ("snntorch_net", "snntorch")],
)
def test_an_example_learns_in_two_epochs(name, library, capsys):
    if library is not None:
        pytest.importorskip(library, reason=REASON)
    accuracy = load(name).main(epochs=2)
    # Chance is 10 %.
    assert set(accuracy) == {1, 2, 4}
    assert accuracy[2] > 0.6
    assert f"T = 2: test accuracy {accuracy[2]:.1%}" in capsys.readouterr().out


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_tssd_takes_three_lines_in_every_example(path):
    marked = [line for line in path.read_text().splitlines() if "tssd.adapt(" in line]
    marked += [line for line in path.read_text().splitlines() if "tssd.tssd(" in line]
    marked += [line for line in path.read_text().splitlines() if "criterion.run(" in line]
    assert [line.split("=")[0].strip() for line in marked] == ["net", "criterion", "loss"]
