import json

from tssd.report import Comparison, Row, write_comparison


def test_every_file_of_a_comparison_is_written(tmp_path):
    row = Row("m", 1, (0, 1), ((80.0,), (82.0,)))
    write_comparison(Comparison((row,), (1,), split_hash="abc", samples=400), tmp_path / "new")
    files = {path.name for path in (tmp_path / "new").iterdir()}
    assert files == {f"comparison.{suffix}" for suffix in ("csv", "json", "md", "png", "svg")}
    found = json.loads((tmp_path / "new" / "comparison.json").read_text())
    assert found["rows"][0]["accuracy"]["1"]["mean"] == 81.0
