from tssd.reproduce.ablation_plot import plot_ablation
from tssd.reproduce.lines import Line

from .fabricated import VANILLA, cell


def test_every_method_and_t_is_in_the_picture(tmp_path):
    lines = [
        Line(cell(row, VANILLA, at=t, column=column), "words", (50.0 + t, 52.0), (0, 1))
        for column, timesteps in (("VGG-9", (1, 4)), ("ResNet-18", (1, 5)))
        for row in ("control", "own $method$")
        for t in timesteps
    ]
    plot_ablation(lines, tmp_path / "a", title="An ablation")
    text = (tmp_path / "a.svg").read_text()
    assert (tmp_path / "a.png").exists()
    for name in ("own $method$", "VGG-9", "ResNet-18", "T = 1", "T = 4", "T = 5", "An ablation"):
        assert f"<!-- {name}" in text or name in text, name
    assert text.count("<!-- T = 1 -->") == 1  # one legend for both plots
    first = (tmp_path / "a.png").read_bytes()
    plot_ablation(lines, tmp_path / "a", title="An ablation")
    assert (tmp_path / "a.png").read_bytes() == first


def test_without_any_value_there_is_an_empty_picture(tmp_path):
    plot_ablation([Line(cell("a", VANILLA), "words", ())], tmp_path / "a", title="Nothing")
    assert (tmp_path / "a.png").exists()
