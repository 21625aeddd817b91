from tssd.reopened.evaluate import evaluate_run
from tssd.reopened.open_run import open_run
from tssd.reopened.same_data import compare_data
from tssd.runs.folder import RunFolder


def test_a_run_evaluated_again_has_the_results_of_its_training(trained):
    opened = open_run(trained, [("trainer.accelerator", "cpu")])
    found = evaluate_run(opened, compare_data(str(trained), opened, []))
    expected = RunFolder(trained).read_results().evaluated()
    assert (found.accuracy, found.confusion) == (expected.accuracy, expected.confusion)
    assert (found.operations, found.early_exit) == (expected.operations, expected.early_exit)
    assert (found.epoch, found.unfinished, found.data_of_training) == (0, None, True)
