import math
from dataclasses import replace

from tssd.report.html.run_training import curves, later_evaluation, setting
from tssd.runs.later_evaluation import LaterEvaluation


def test_terms_and_validation_accuracy_are_drawn_by_epoch(metrics, read):
    page = read(curves(metrics))
    legends = [text for _, text in page.all("li")]
    assert legends == ["task", "temporal", "T = 1", "T = 2"]
    assert "loss (logarithmic)" in page.text
    spoken = [text for _, text in page.all("title") if text.startswith("T = 2")]
    assert spoken == ["T = 2, epoch 1: 20", "T = 2, epoch 2: 40", "T = 2, epoch 3: 35"]
    places = {a["data-at"]: a["value"] for a, _ in page.all("data")}
    assert places["metrics.csv#/1/train/temporal"] == "0.01"
    assert not [a for a, _ in page.all("p") if a.get("class") == "warning"]


def test_accuracy_against_time_is_drawn_where_times_are_known(metrics, read):
    assert len(read(curves(metrics)).all("figure")) == 2
    timed = [row | {"seconds": 12.3456 * n} for n, row in enumerate(metrics, 1)]
    page = read(curves(timed))
    assert [t for _, t in page.all("figcaption")][2].endswith("validation samples against time")
    spoken = [text for _, text in page.all("title") if text.startswith("T = 2, seconds")]
    at = [text.split("validation ")[1] for text in spoken]
    assert at == ["12.3: 20", "24.7: 40", "37: 35"]
    # A run that went on in a version with a clock: from there.
    page = read(curves([metrics[0], *timed[1:]]))
    spoken = [text for _, text in page.all("title") if text.startswith("T = 2, seconds")]
    assert len(spoken) == 2


def test_timesteps_are_in_order(read):
    row = {"epoch": 0.0} | {f"val/accuracy_t{t}": 0.5 for t in (1, 10, 11, 2, 9)}
    legends = [text for _, text in read(curves([row])).all("li")]
    assert legends == ["T = 1", "T = 2", "T = 9", "T = 10", "T = 11"]


def test_nan_is_named(metrics, read):
    metrics[1]["train/task"] = math.nan
    metrics[2]["train/task"] = math.inf
    page = read(curves(metrics))
    (warning,) = [text for a, text in page.all("p") if a.get("class") == "warning"]
    assert warning == "Not finite: train/task in epoch 2, train/task in epoch 3."
    assert {a["class"] for a, _ in page.all("data") if "class" in a} == {"nan"}


def test_an_epoch_that_was_not_validated_is_neither_a_gap_nor_a_warning(metrics, read):
    for key in ("val/accuracy", "val/accuracy_t1", "val/accuracy_t2"):
        del metrics[1][key]
    timed = [row | {"seconds": 10.0 * n} for n, row in enumerate(metrics, 1)]
    page = read(curves(timed))
    assert not [a for a, _ in page.all("p") if a.get("class") == "warning"]
    assert not [a for a, _ in page.all("path") if a.get("class") == "bad"]
    spoken = [text for _, text in page.all("title") if text.startswith("T = 2")]
    assert spoken[:2] == ["T = 2, epoch 1: 20", "T = 2, epoch 3: 35"]
    assert [text.rpartition(" ")[0][-3:] for text in spoken[2:]] == ["10:", "30:"]
    # One stroke from the first to the third.
    lines = [a["d"] for a, _ in page.all("path") if a.get("fill") == "none"]
    assert all(line.count("M") == 1 for line in lines)
    # In the table, which stands under each of three pictures, it is a dash.
    dashes = [text for a, text in page.all("span") if a.get("title") == "not recorded"]
    assert dashes == ["–"] * 3 * 3
    # Seconds of an epoch in which nothing was validated draw nothing.
    alone = read(curves([metrics[0], timed[1], metrics[2]]))
    assert len(alone.all("figure")) == 2


def test_a_run_without_validation_or_without_epochs(read):
    page = read(curves([{"epoch": 0.0, "train/task": 1.0}]))
    assert len(page.all("figure")) == 1
    assert "holds no epoch" in read(curves([])).text
    assert not read(curves([{"epoch": 0.0}])).all("figure")


def test_only_the_overall_accuracy_will_do(read):
    page = read(curves([{"epoch": 0.0, "val/accuracy": 0.5}, {"epoch": 1.0, "val/accuracy": 0.6}]))
    assert page.all("figcaption")[0][1] == "Accuracy on the validation samples"


def test_the_setting_is_complete_and_escaped(config, read):
    environment = {"packages": {"torch": "<2>"}, "cuda": None}
    page = read(setting(config, environment, "runs/a b"))
    assert page.all("pre")[1][1] == config
    assert [text for _, text in page.all("dd")] == ["<2>", "none"]
    command = page.all("pre")[0][1]
    assert command == "tssd train 'runs/a b/config.yaml' --output 'runs/a b-again'"
    assert "did not record its command" in page.text


def test_a_recorded_command_is_shown_as_it_was(config, read):
    for recorded in (["tssd", "train", "a b"], "tssd train 'a b'"):
        page = read(setting(config, {"command": recorded}, "runs/x"))
        assert page.all("pre")[0][1] == "tssd train 'a b'"
        assert "As it was given." in page.text
    for damaged in (None, -1, True, {}):
        assert "did not record its command" in read(setting(config, {"command": damaged}, "r")).text


def test_missing_files_are_said(read):
    text = read(setting("", {}, "r")).text
    assert "config.yaml is not there" in text
    assert "Not recorded." in text


def test_a_later_evaluation_is_tabled(read):
    found = LaterEvaluation(epoch=6, split_hash="abc", accuracy=(0.5, 0.6), nll=(1.0, 0.9))
    page = read(later_evaluation(found))
    assert "on test samples; weights of epoch 7." in page.text
    other = replace(found, data_of_training=False, unfinished="epoch 7 of 9")
    assert "epoch 7; not the data of training; of an unfinished run, epoch 7 of 9." in (
        read(later_evaluation(other)).text
    )
    places = [a["data-at"] for a, _ in page.all("data")]
    assert places[:3] == [f"evaluation.json#/{at}" for at in ("epoch", "accuracy/0", "nll/0")]
    assert "on split abc" in page.text
