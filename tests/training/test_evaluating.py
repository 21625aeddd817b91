from tssd.evaluation import evaluate
from tssd.training.evaluating import evaluate_parts

from .runs import small


def test_it_is_the_evaluation_on_the_test_samples_at_the_student_s_t():
    parts = small()
    found = evaluate_parts(parts)
    student = parts.criterion.timesteps.student
    assert (found.report_at, found.timesteps) == (student, parts.evaluate_timesteps)
    assert found.samples == parts.data.split_sizes["test"]
    alone = evaluate(parts.net, parts.data.test_dataloader(), student)
    assert found.accuracy[:student] == alone.accuracy
