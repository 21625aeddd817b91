import json
from pathlib import Path

import pytest
from PIL import Image

from tssd.cli.hub import listed
from tssd.data import Digits
from tssd.hub.shipped import FOLDER, shipped

STRANGER = "from pathlib import Path\nPath('RAN').touch()\n"


def test_the_networks_are_listed_with_what_they_are(tssd):
    outcome = tssd("hub", "--json")
    found = json.loads(outcome.out)
    assert [*found] == [f"hub:{name}" for name in shipped()]
    digits = found["hub:digits-vgg9"]
    assert digits["bytes"] == (FOLDER / "digits-vgg9/model.safetensors").stat().st_size
    assert (digits["timesteps"], len(digits["accuracy"])) == ({"student": 1, "teacher": 4}, 4)
    listed = tssd("hub").out
    for name in found:
        assert name in listed
    assert f"{100 * digits['accuracy'][0]:.2f}" in listed


def test_every_network_is_on_the_page_with_its_accuracy_and_n(tssd):
    page = (Path(__file__).parents[2] / "docs/hub.md").read_text()
    for name, about in listed().items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        student, teacher = about["timesteps"].values()
        shares = [f"{100 * about['accuracy'][t - 1]:.2f}" for t in (student, teacher)]
        numbers = [str(about["test_samples"]), f"{about['bytes'] / 1e6:.2f}"]
        assert row.split(" | ")[-4:] == [*shares, numbers[0], f"{numbers[1]} |"]


def test_a_card_is_shown(tssd):
    card = (FOLDER / "digits-vgg9/README.md").read_text()
    for name in ("digits-vgg9", "hub:digits-vgg9"):
        assert tssd("hub", name).out == card
    assert "no such network comes with tssd" in tssd("hub", "digits").mistake
    assert "--json prints the list" in tssd("hub", "digits-vgg9", "--json").mistake


def test_an_image_is_decided_by_a_network_that_comes_with_tssd(tssd, tmp_path):
    images, labels = Digits().samples("test"), Digits().dataset("test")
    Image.fromarray(images[0, 0].numpy()).save(tmp_path / "digit.png")
    outcome = tssd("predict", "hub:digits-vgg9", "digit.png", "--json")
    (decided,) = json.loads(outcome.out)["predictions"]
    assert decided["classes"] == [str(int(labels[0][1]))] * 4


@pytest.fixture
def remote(hub, shared_files):
    """The tiny run on the hub."""
    from hub.stand_in import Repository

    hub.repositories["jane/net"] = Repository()
    hub.repositories["jane/net"].commit(shared_files)
    return hub.repositories["jane/net"]


@pytest.fixture(scope="module")
def shared_files(trained):
    from tssd.hub.name import HubName
    from tssd.sharing.contents import contents

    return contents(trained, HubName("net", "jane"))


def test_a_network_on_a_hub_is_evaluated_and_reported_and_not_written_to(tssd, remote, tmp_path):
    outcome = tssd("evaluate", "hub:jane/net", "--timesteps", "1", "--json")
    assert json.loads(outcome.out)["samples"] == 359
    assert "all numbers" not in outcome.out
    reported = tssd("report", "hub:jane/net", "--no-samples")
    assert "written: net.html" in reported.out
    assert "hub:jane/net" in (tmp_path / "net.html").read_text()
    found = [path for path in (tmp_path / "cache").rglob("*") if path.name == "evaluation.json"]
    assert not found
    assert tssd("hub", "jane/net").out == remote.commits[0][1]["README.md"].decode()


@pytest.mark.parametrize(
    ("place", "words"), [("model.json", ["predict", "x.png"]), ("config.yaml", ["evaluate"])]
)
def test_code_that_a_strangers_network_names_is_not_imported(
    tssd, remote, shared_files, tmp_path, place, words
):
    (tmp_path / "stranger.py").write_text(STRANGER)
    named = shared_files[place].replace(b"tssd.LIF", b"stranger.LIF")
    assert named != shared_files[place]
    remote.commit(shared_files | {place: named, "stranger.py": STRANGER.encode()})
    command, *files = words
    mistake = tssd(command, "hub:jane/net", *files).mistake
    assert "stranger was not imported" in mistake
    assert "add --trust stranger" in mistake
    assert not (tmp_path / "RAN").exists()
