import statistics
from dataclasses import replace
from pathlib import Path

from tssd.report.collection import Collection
from tssd.report.html import Methods, comparison_page
from tssd.report.html.comparison_page import listed, validation
from tssd.runs.state import LeftOut


def page_of(methods, metrics, samples, read):
    every = {name: [metrics, metrics] for name in methods.drawn}
    return read(comparison_page(methods, every, samples, title="d <x>", command="tssd report d"))


def test_all_sections_are_there_and_nothing_is_fetched(methods, metrics, samples, read):
    page = page_of(methods, metrics, {"vanilla": samples, "tssd": samples}, read)
    sections = [a["id"] for a, _ in page.all("section")]
    assert sections == [
        "answer", "accuracy", "differences", "costs", "calibration", "curves", "maps", "runs",
    ]  # fmt: skip
    assert page.all("h1")[0][1] == "d <x>"
    assert all(source.startswith("data:") for source in page.attributes("src"))
    assert not page.all("script")
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert {h for h in page.attributes("href") if h != "data:,"} <= {f"#{i}" for i in ids}


def test_why_there_are_no_maps(methods, metrics, read):
    assert "Not shown: no <data>" in page_of(methods, metrics, "no <data>", read).text


def test_validation_curves_are_means_over_the_seeds(methods, metrics, read):
    other = [row | {"val/accuracy": row["val/accuracy"] + 0.1} for row in metrics[:2]]
    page = read(validation(methods, {"d/vanilla": [metrics, other]}))
    values = [float(a["value"]) for a, _ in page.all("data")]
    expected = [statistics.fmean([10, 20]), statistics.fmean([40, 50])]
    assert [round(v, 9) for v in values] == expected  # as far as all seeds go
    assert "Without recorded validation accuracies: tssd; tsd." in page.text


def test_validation_is_drawn_at_the_epochs_that_all_seeds_have(methods, metrics, read):
    del metrics[0]["val/accuracy"]
    other = [dict(row) for row in metrics]
    del other[1]["val/accuracy"]
    both = {"d/vanilla": [metrics, metrics], "d/tssd": [metrics, other]}
    page = read(validation(methods, both))
    spoken = [text for a, text in page.all("title") if "id" not in a]
    assert sorted(spoken) == ["tssd, epoch 3: 35", "vanilla, epoch 2: 40", "vanilla, epoch 3: 35"]
    assert not [a for a, _ in page.all("path") if a.get("class") == "bad"]
    assert [text for _, text in page.all("tr")] == ["epochtssdvanilla", "2–40.00", "335.0035.00"]
    del other[2]["val/accuracy"]
    text = read(validation(methods, both)).text
    assert "Without recorded validation accuracies: tssd; tsd." in text


def test_runs_without_metrics_or_validation(methods, read):
    text = "No validation accuracies were recorded."
    assert text in read(validation(methods, {})).text
    assert text in read(validation(methods, {"d/tssd": [[], [{"lr": 0.1}]]})).text


def test_runs_that_do_not_count_are_listed_with_their_reason(methods, read):
    page = read(listed(methods))
    assert page.all("caption")[0][1] == "Not counted: 1 half-finished"
    assert [text for _, text in page.all("tr")][1] == "d/xhalf-finished2 of 3 epochs; continue"
    assert "1 of 3 methods have fewer seeds than the 3 of others." in page.text


def test_the_command_of_a_further_seed(methods, read):
    command = read(listed(methods)).all("pre")[0][1]
    first = Path("runs/d/vanilla")
    assert command == (
        f"tssd train {first}/seed0/config.yaml --seed 3 --data.seed 3 --output {first}/seed3"
    )


def test_there_is_no_command_for_a_further_seed_of_objects(methods, collection, read, tmp_path):
    group = collection.methods[methods.reference]
    group[0] = replace(group[0], path=tmp_path)
    (tmp_path / "config.yaml").write_text("data:\n  class_path: tssd.fitting.record.GivenData\n")
    page = read(listed(methods))
    assert not page.all("pre")
    assert "trained from Python by tssd.fit" in page.text
    (tmp_path / "config.yaml").write_text("data:\n  class_path: tssd.data.Digits\n")
    assert read(listed(methods)).all("pre")


def test_many_left_out_runs_are_counted(collection, read):
    left = [LeftOut(Path("x"), f"r{i}", "foreign", "<b>") for i in range(2000)]
    methods = Methods.of(Collection(collection.methods, left), reference=None, epoch="best")
    page = read(listed(methods))
    assert page.all("caption")[0][1] == "Not counted: 2000 foreign; the first 600 of 2000"
    assert not page.all("b")


def test_everything_counts(collection, read):
    methods = Methods.of(Collection(collection.methods, []), reference=None, epoch="best")
    assert "Every run that was found counts." in read(listed(methods)).text
