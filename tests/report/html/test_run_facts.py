from tssd.report.html.run_facts import run_facts
from tssd.report.html.sourced import Sourced
from tssd.runs.results import Results


def sourced(results):
    return Sourced(Results.of(results), "results.json#")


def test_a_seed_is_all_of_its_digits_and_seconds_have_no_exponent(results, read):
    content = results(20240601) | {"train_seconds": 12345.6}
    text = read(run_facts(sourced(content))).text
    assert "seed20240601" in text
    assert "training took12,346 s" in text


def test_without_validation_samples_no_epoch_is_the_best_on_them(results, read):
    content = results()
    content["split_sizes"]["val"] = 0
    text = read(run_facts(sourced(content))).text
    assert "none, for there are no validation samples" in text
    assert "best epoch on the" not in text


def test_a_length_that_was_changed_on_resume_is_told(results, read):
    change = {"option": "trainer.epochs", "from": 3, "to": 5, "epochs_trained": 2}
    content = results() | {"changes": [change]}
    text = read(run_facts(sourced(content))).text
    assert "changed on resumetrainer.epochs from 3 to 5 after 2 epochs" in text


def test_an_early_stop_is_told_with_what_was_planned(results, read):
    content = results() | {"stopped": {"planned": 40, "reason": "EarlyStopping: no better"}}
    text = read(run_facts(sourced(content))).text
    assert "stopped early40 epochs were planned; EarlyStopping: no better" in text
    assert "stopped early" not in read(run_facts(sourced(results()))).text
