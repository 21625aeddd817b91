import json
import shutil

import pytest
import torch
import yaml
from torch.utils.data import TensorDataset

import tssd
from tssd.errors import DataError, UsageError
from tssd.hub.download import FILES
from tssd.hub.name import HubName
from tssd.reopened.load import load
from tssd.sharing.contents import contents, read_card, write_folder

NAME = HubName("digits", "jane")


def test_the_folder_is_a_run_that_loads_as_the_run_itself(shared, trained, tmp_path):
    write_folder(tmp_path / "new" / "shared", shared)
    assert {path.name for path in (tmp_path / "new/shared").iterdir()} == {*FILES}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["shared"]
    own, theirs = load(trained), load(tmp_path / "new" / "shared")
    for name, tensor in own.state_dict().items():
        assert theirs.state_dict()[name].equal(tensor)
    images = torch.rand(3, 1, 8, 8)
    assert theirs.predict(images).confidences.equal(own.predict(images).confidences)
    # And is shared on as it is.
    again = contents(tmp_path / "new" / "shared", NAME, licence="mit")
    assert again == shared


def test_nothing_in_it_names_the_machine(shared, trained):
    assert "platform" in json.loads((trained / "environment.json").read_text())
    assert "platform" not in json.loads(shared["environment.json"])
    for name, content in shared.items():
        assert str(trained.parent).encode() not in content, name


def test_a_description_of_ones_own_is_in_all_of_it(trained):
    found = contents(trained, NAME, description="Narrow, 50 images")
    assert b"digits: Narrow, 50 images." in found["README.md"]
    assert yaml.safe_load(found["config.yaml"])["description"] == "Narrow, 50 images"
    assert json.loads(found["results.json"])["description"] == "Narrow, 50 images"


def test_a_run_without_exits_has_one_file_less(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "run")
    (tmp_path / "run/exits.safetensors").unlink()
    (tmp_path / "run/environment.json").unlink()
    found = contents(tmp_path / "run", NAME)
    assert "exits.safetensors" not in found
    assert b"| command | not recorded |" in found["README.md"]


def test_a_run_of_a_dataset_has_a_card_whose_code_works(tmp_path):
    own = TensorDataset(torch.rand(20, 1, 16, 16), torch.arange(20) % 2)
    options = {"net.width": 0.03125, "trainer.threads": 1}
    folder = tmp_path / "run"
    tssd.fit("vgg9", own, own, own, epochs=1, folder=folder, loggers=[], options=options)
    found = contents(folder, NAME)
    write_folder(tmp_path / "shared", found)
    code = found["README.md"].decode().split("```")[1].removeprefix("python\n")
    code = code.replace('"hub:jane/digits"', repr(str(tmp_path / "shared")))
    said = {"x": own[0][0]}
    exec(code, said)
    assert said["found"].names == load(folder).predict([own[0][0]]).names
    assert b"```bash" not in found["README.md"]


def test_what_is_not_finished_or_can_not_be_loaded_is_not_shared(trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    config = yaml.safe_load((run / "config.yaml").read_text())
    config["trainer"]["epochs"] = 9
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(DataError, match=r"run: not finished \(epoch 1 of 9\); finish it with"):
        contents(run, NAME)
    (run / "results.json").unlink()
    with pytest.raises(DataError, match="no results yet; finish the run"):
        contents(run, NAME)
    shutil.copy(trained / "results.json", run)
    (run / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(DataError, match="damaged or not safetensors"):
        contents(run, NAME)


def test_code_of_the_makers_is_asked_for_and_told(trained, tmp_path, monkeypatch):
    from tssd.config.trust import trusting

    run = tmp_path / "run"
    shutil.copytree(trained, run)
    (tmp_path / "my_neuron.py").write_text("from tssd.neurons import LIF\nclass Own(LIF): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    model = json.loads((run / "model.json").read_text())
    model["net"]["init_args"]["neuron"] = {"class_path": "my_neuron.Own"}
    (run / "model.json").write_text(json.dumps(model))
    with pytest.raises(DataError, match="my_neuron was not imported: .* add --trust my_neuron"):
        contents(run, NAME)
    with trusting(["my_neuron"]):  # as the command line does
        found = contents(run, NAME, trust=["my_neuron"])
    assert b"trust=['my_neuron']" in found["README.md"]
    assert not [name for name in found if name.endswith(".py")]


def test_a_folder_that_is_there_is_left_alone(shared, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").touch()
    (tmp_path / "file").touch()
    for name in ("full", "file", "file/below"):
        with pytest.raises(DataError, match="it is there already|can't be written"):
            write_folder(tmp_path / name, shared)
    (tmp_path / "empty").mkdir()
    write_folder(tmp_path / "empty", shared)
    assert len([*(tmp_path / "empty").iterdir()]) == len(FILES)
    assert {path.name for path in tmp_path.iterdir()} == {"full", "file", "empty"}
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_a_card_of_ones_own_takes_the_place_of_the_one_written(trained, tmp_path):
    (tmp_path / "card.md").write_text("---\nlicense: mit\n---\n# Mine\n")
    text = read_card(tmp_path / "card.md")
    assert contents(trained, NAME, own_card=text)["README.md"].decode() == text
    (tmp_path / "plain.md").write_text("# No head\n")
    with pytest.raises(UsageError, match=r"--card: .*plain.md has no head for the hub"):
        read_card(tmp_path / "plain.md")
    with pytest.raises(UsageError, match=r"--card: .*none.md can't be read"):
        read_card(tmp_path / "none.md")
