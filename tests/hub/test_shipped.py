"""Every network that comes with tssd: what it is made of, and whether its card is right."""

import re

import pytest
import torch
import yaml

from tssd.config.assemble import build_data
from tssd.errors import TssdError
from tssd.hub.download import CARD, FILES, NEEDED
from tssd.hub.name import HubName
from tssd.hub.shipped import shipped
from tssd.reopened.load import load
from tssd.reopened.open_run import for_evaluation
from tssd.runs.files import read_run
from tssd.runs.folder import RunFolder
from tssd.sharing.card import Shared, card
from tssd.time import repeat_in_time, running_mean

NETWORKS = shipped()
LARGEST = 2_000_000
# Test samples of a data set that lies on disk: its first ones, all of the embedded one.
SOME = 100


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_what_a_push_would_upload(name):
    folder = NETWORKS[name]
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert {*NEEDED, CARD, "results.json", "environment.json"} <= {*files} <= {*FILES}
    assert max(files.values()) <= LARGEST
    for path in folder.glob("*.[jym]*"):
        assert not re.search(r"[\"' ]/\w+/", path.read_text()), path  # of some machine
    run = read_run(folder, name=name)
    text = (folder / CARD).read_text()
    licence = yaml.safe_load(text.split("---\n")[1])["license"]
    size = files["model.safetensors"]
    assert text == card(Shared(run, run.results, HubName(name), licence, (), size))
    assert run.environment["command"].startswith("tssd train ")
    assert "dirty" not in run.environment["commit"]


@pytest.mark.parametrize("name", sorted({"digits-vgg9", *NETWORKS}))
def test_it_is_as_good_as_its_card_says(name):
    results = read_run(NETWORKS[name]).results
    shown = results.evaluated()
    try:
        data = build_data(for_evaluation(RunFolder.open(NETWORKS[name]), ()))
        data.setup("test")
        samples = data.dataset("test")
    except TssdError as error:
        assert name != "digits-vgg9"  # its data comes with scikit-learn
        pytest.skip(f"its data is not here: {error}")
    number = len(samples) if data.dataset_name == "digits" else min(SOME, len(samples))
    pairs = [samples[i] for i in range(number)]
    steps = len(shown.accuracy)
    x = torch.stack([x for x, _ in pairs]).float()  # frames of events are whole numbers
    x = repeat_in_time(x, steps) if x.dim() == 4 else x.transpose(0, 1)[:steps]
    labels = torch.tensor([int(y) for _, y in pairs])
    net = load(f"hub:{name}")
    with torch.no_grad():
        means = running_mean(net(x).logits.double())
    found = (means.argmax(-1) == labels).double().mean(-1)
    for share, told in zip(found.tolist(), shown.accuracy, strict=True):
        # All samples: another processor may decide one or two otherwise. Some: chance, too.
        spread = (told * (1 - told) / number) ** 0.5
        allowed = 2 / number if number == shown.samples else 4 * spread + 2 / number
        assert share == pytest.approx(told, abs=allowed)
