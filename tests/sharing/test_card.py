import re
from dataclasses import replace

import pytest

from tssd.hub.name import HubName
from tssd.runs.evaluation import Reliability
from tssd.runs.files import read_run
from tssd.sharing.card import Shared, card


@pytest.fixture(scope="module")
def shared(trained):
    run = read_run(trained, name="net")
    return Shared(run, run.results, HubName("net", "jane"), "mit", (), 12_345_678)


def rows(text):
    """Cells of all tables, by the first of each row."""
    found = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {row[0]: row[1:] for row in found}


def test_the_card_has_the_accuracy_at_every_t_and_what_it_costs(shared):
    evaluation, text = shared.results.evaluated(), card(shared)
    for t, share in enumerate(evaluation.accuracy, start=1):
        row = rows(text)[f"{t}*" if t == 2 else str(t)]
        assert row[0] == f"{100 * share:.2f}"
        assert row[-1] == f"{evaluation.operations.energy_uj[t - 1]:.3g}"
        assert row[-3] == f"{evaluation.operations.macs[t - 1] / 1e6:.3g}"
        assert row[3] == f"{evaluation.mean_firing_rate[t - 1]:.3f}"
    assert "n = 359 test samples; last epoch" in text
    assert evaluation.operations.energy_model.source in text


def test_the_card_says_how_it_came_about(shared):
    environment = {
        "command": "tssd train a|b --seed 0",
        "cpu": {"model": "A Processor"},
        "threads": 2,
        "precision": "bf16-mixed",
        "packages": {"torch": "2.9", "lightning": None},
        "commit": "abc123",
        "init": {"weights": "hub:jane/first", "fingerprint": "ab"},
    }
    text = card(shared._replace(run=replace(shared.run, environment=environment)))
    found = rows(text.replace("\\|", "/"))
    assert found["command"] == ["`tssd train a/b --seed 0`"]
    assert found["machine"] == ["A Processor, threads: 2, precision: bf16-mixed"]
    assert found["versions"] == ["torch 2.9; commit abc123"]
    assert found["began with"] == ["the weights of `hub:jane/first`"]
    assert found["timesteps"] == ["T_s = 2, T_t = 4"]
    assert found["data"] == ["digits: 50 train, 145 val, 359 test samples"]
    assert shared.results.split_hash in found["split"][0]
    assert found["parameters"] == [f"{shared.results.parameters:,} (12.35 MB of weights)"]


def test_the_card_shows_how_to_load_it(shared):
    text = card(shared)
    assert 'tssd.load("hub:jane/net")' in text
    assert "tssd[hub]" in text
    assert "print(found.names[1])  # the classes at T = 2" in text
    own = card(shared._replace(name=HubName("net"), trust=["my_nets"]))
    assert "tssd[hub]" not in own
    assert "tssd.load(\"hub:net\", trust=['my_nets'])" in own
    assert "tssd predict hub:net image.png --trust my_nets" in own
    assert "code of its maker's, `my_nets`, which is not here" in own


@pytest.mark.parametrize(("given", "axes"), [("image", "[C, H, W]"), ("frames", "[T, C, H, W]")])
def test_a_network_on_a_dataset_is_told_to_take_its_samples(shared, given, axes):
    model = shared.run.model | {"as_given": given}
    text = card(shared._replace(run=replace(shared.run, model=model)))
    assert f"net.predict([x])  # x of an item (x, y) of the training's Dataset, {axes}\n" in text
    assert "tssd predict" not in text
    assert "image.png" not in text
    assert "recording.bin" not in text
    assert "tssd evaluate hub:jane/net  #" in text  # a Dataset that config.yaml names
    shape = " x ".join(map(str, model["sample_shape"]))
    assert f"Every input has to be {shape} (channels, height, width), prepared as in" in text


def test_a_network_on_spike_trains_is_told_to_take_frames_as_no_file_holds_one_sample(shared):
    model = shared.run.model | {"sample_shape": [140, 1, 1]}
    text = card(shared._replace(run=replace(shared.run, model=model)))
    assert "net.predict(x)  # frames of counts, [T, N, C, 1, 1]\n" in text
    assert "tssd predict" not in text
    recordings = shared.run.model | {"sample_shape": [2, 34, 34]}
    text = card(shared._replace(run=replace(shared.run, model=recordings)))
    assert 'net.predict(["recording.bin"])  # recordings, or frames\n' in text
    assert "tssd predict hub:jane/net recording.bin\n" in text


def test_a_card_has_no_command_that_a_run_of_objects_refuses(shared):
    config = "optimizer:\n  class_path: tssd.fitting.record.GivenOptimizer\n"
    run = replace(shared.run, config=config)
    text = card(shared._replace(run=run))
    assert "tssd predict hub:jane/net image.png\n```" in text
    assert "tssd evaluate" not in text
    assert "tssd train FOLDER" not in text
    assert "the script that made them trains it again" in text
    own = replace(run, model=shared.run.model | {"as_given": "image"})
    assert "```bash" not in card(shared._replace(run=own))


def test_what_was_not_recorded_is_said_or_left_out(shared):
    evaluation = replace(
        shared.results.evaluated(),
        operations=None,
        mean_firing_rate=None,
        calibration_error=(),
        reliability=Reliability(),
    )
    results = replace(
        shared.results, best=evaluation, last=evaluation, parameters=None, content_hash=None
    )
    run = replace(shared.run, results=results, environment={}, model={})
    text = card(shared._replace(run=run, results=results, licence=None))
    assert rows(text)["2*"][2] == "-"
    assert "energy" not in rows(text)["T"][-1]
    assert rows(text)["command"] == ["not recorded"]
    assert "Licence: none is given" in text
    assert "Its confidence at T = 2: not recorded" in text


def test_names_of_others_are_no_markup(shared):
    results = replace(shared.results, description="a | <b> [c](d)\nnext\x1b[2J", dataset="`x`|y")
    text = card(shared._replace(results=results))
    body = text.rpartition("\n---\n")[2]
    assert "<b>" not in re.sub(r"\\<", "", body)
    assert "\x1b" not in text
    assert "\\[c\\](d) next" in body
