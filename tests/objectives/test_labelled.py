import pytest

from tssd.errors import UsageError
from tssd.objectives import (
    ExitCrossEntropy,
    SelfDistillation,
    SurrogateModuleLearning,
    TaskCrossEntropy,
    TemporalDistillation,
    TemporalEfficientTraining,
    Timesteps,
)
from tssd.objectives.labelled import check_one_task

TWO = (
    r"^objectives: task \(TaskCrossEntropy\) labels means over time, and steps "
    r"\(TemporalEfficientTraining\) labels every timestep: two task losses that contradict each "
    r"other; remove one, such as objectives.task: null \(--objectives.task null\)$"
)


def test_labels_on_means_and_on_every_timestep_are_refused_in_classes_and_in_a_loss():
    with pytest.raises(UsageError, match=TWO):
        check_one_task({"task": TaskCrossEntropy, "steps": TemporalEfficientTraining})
    with pytest.raises(UsageError, match=TWO):
        terms = {"task": TaskCrossEntropy(), "steps": TemporalEfficientTraining()}
        SelfDistillation(terms, Timesteps(1, 2))


def test_other_terms_go_with_either():
    for task in (TaskCrossEntropy, TemporalEfficientTraining, SurrogateModuleLearning):
        check_one_task({"task": task, "temporal": TemporalDistillation, "exit": ExitCrossEntropy})
    check_one_task({"student": TaskCrossEntropy, "teacher": SurrogateModuleLearning, "odd": object})
