import pytest

from tssd.objectives import (
    ExitCrossEntropy,
    ReliableDistillation,
    TaskCrossEntropy,
    TemporalDistillation,
    TemporalEfficientTraining,
    TemporalKnowledgeSharing,
)
from tssd.rules.means import labels_means


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (TaskCrossEntropy(class_weights="balanced"), True),
        (ReliableDistillation(), False),
        (ExitCrossEntropy(), False),
        (TemporalDistillation(), False),
        (TemporalEfficientTraining(), False),
        (TemporalKnowledgeSharing(), False),
    ],
)
def test_it_is_a_task_loss_of_nothing_but_means(term, expected):
    assert labels_means(term) == expected


def test_a_rule_may_meet_needs():
    assert labels_means(ReliableDistillation(), may_need={"needs_taps"})
