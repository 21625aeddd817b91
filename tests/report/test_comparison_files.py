import json

from tssd.report import Comparison, Differences, Row, write_comparison
from tssd.report.comparison_files import content


def written(rows, folder):
    comparison = Comparison(tuple(rows), (1,), split_hash="abc", samples=400)
    differences = Differences.of(comparison)
    write_comparison(differences, folder)
    assert json.loads((folder / "comparison.json").read_text()) == content(differences)
    return content(differences), (folder / "comparison.md").read_text()


def test_every_file_of_a_comparison_is_written(tmp_path):
    found, text = written([Row("m", 1, (0, 1), ((80.0,), (82.0,)))], tmp_path / "new")
    files = {path.name for path in (tmp_path / "new").iterdir()}
    suffixes = (".csv", ".json", ".md", ".png", ".svg", "-differences.csv")
    assert files == {f"comparison{suffix}" for suffix in suffixes}
    assert found["rows"][0]["accuracy"]["1"]["mean"] == 81.0
    assert found["differences"]["rows"] == []
    assert "minus" not in text  # a method alone


def test_differences_are_below_the_table(tmp_path):
    rows = [Row(name, 1, (0, 1), ((80.0,), (82.0,))) for name in ("control", "tssd")]
    found, text = written(rows, tmp_path)
    assert found["differences"]["against"] == "control"
    head, _, below = text.partition("\n\n")
    assert head.startswith("| method |")
    assert below.startswith("Accuracy minus that of control")
