import json

import pytest
import yaml

from tssd.config.assemble import resolve
from tssd.config.sections import with_defaults, without_empty
from tssd.errors import UsageError
from tssd.reproduce.as_planned import otherwise_trained
from tssd.reproduce.plan import Variant
from tssd.reproduce.runs import Run, plan_runs, read

PLAIN = Variant("digits/tssd", (("trainer.epochs", "1"),))
TAUGHT = Variant("digits+vgg9+kdsnn")


def trained(run: Run, *options: tuple[str, str], **changes: object) -> None:
    """A finished run's folder, as far as its options go."""
    config = resolve(without_empty(with_defaults(read(run.variant, options))))
    # What a run's own data and seed say.
    config["net"]["init_args"] |= {"in_channels": 1, "num_classes": 10, "image_size": 16}
    config["data"]["init_args"]["seed"] = config["seed"] = run.seed
    run.folder.mkdir(parents=True)
    (run.folder / "config.yaml").write_text(yaml.safe_dump(config | changes))
    (run.folder / "results.json").write_text("{}")


def test_runs_with_the_options_of_the_plan_are_not_told(tmp_path):
    runs = plan_runs([PLAIN, TAUGHT], [0, 3, 4], tmp_path)
    for run in runs[:2]:
        trained(run, ("trainer.threads", "1"), ("description", "mine"))
    trained(runs[3])
    path = runs[3].folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    text = json.dumps(config).replace('"run": null', '"run": "out/.teachers/ann/seed0"')
    assert text != json.dumps(config)
    path.write_text(text.replace('"recipe": "ann"', '"recipe": null'))
    assert otherwise_trained(runs) == []


def test_runs_with_others_are_told_with_the_first_of_them_for_all_seeds_in_one_line(tmp_path):
    runs = plan_runs([PLAIN], [0, 3, 4, 5], tmp_path)
    trained(runs[0], ("data.train_samples", "50"))
    trained(runs[1], ("data.train_samples", "50"))
    trained(runs[2], ("data.augment", "true"))  # which no recipe of these names
    trained(runs[3])
    first, second = otherwise_trained(runs)
    told = "trained with other options than this table is made with: digits/tssd --trainer.epochs=1"
    assert first == f"{told}, seeds 0, 3: data.train_samples = 50, not 200"
    assert second == f"{told}, seed 4: data.augment = True, not False"
    # Given to all, they are those of the table.
    assert otherwise_trained(runs[:2], [("data.train_samples", "50")]) == []


def test_what_is_damaged_or_not_there_is_left_to_others(tmp_path):
    runs = plan_runs([PLAIN], [0, 1, 2], tmp_path)
    for run in runs[:2]:
        trained(run)
    (runs[0].folder / "config.yaml").write_text("{")
    (runs[1].folder / "config.yaml").unlink()
    assert otherwise_trained(runs) == []
    with pytest.raises(UsageError, match="no such option"):
        otherwise_trained(runs, [("data.nothing", "1")])
