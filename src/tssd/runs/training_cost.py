"""What a training took, in a unit of any machine and in seconds of this one. No torch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tssd.runs.evaluation import Evaluation

# Validation accuracies, in per cent, of which a run says when it reached them.
LEVELS = (50, 60, 70, 80, 85, 90, 92, 94, 95, 96, 97, 98, 99)

# Of the forward pass: the backward pass computes two products, for weights and inputs, for each.
PASSES = 3


@dataclass(frozen=True)
class TeacherCost:
    """What a teacher took besides its student's training; None was not recorded.

    Args:
        run: the folder of its run.
        accuracy: at its own T_s, on its test samples, 0 to 1.
        network_steps: of its training, see `TrainingCost`.
        operations: of its training.
        seconds: of its training, without validation.
        answers: multiply-accumulates x 2 of all that it said in the student's training. Their time
            is in the student's.
    """

    run: str
    accuracy: float | None = None
    network_steps: int | None = None
    operations: float | None = None
    seconds: float | None = None
    answers: float | None = None


@dataclass(frozen=True)
class TrainingCost:
    """What training took; None, or what is empty, was not recorded.

    Args:
        network_steps: timesteps of the whole network for a training sample in an epoch, T_t.
        operations: multiply-accumulates x 2 of all epochs, exits included: those of the forward
            pass over T_t timesteps x 3. What is the same at all timesteps counts once. Not counted:
            norms, neurons, teachers of their own (see there), validation.
        seconds: of training without validation, all sessions together.
        seconds_to: seconds of them until the accuracy on the validation samples, at T_s, first
            reached a level in per cent.
        teachers: those that are runs of their own, by the term that asks and its option.
    """

    network_steps: int | None = None
    operations: float | None = None
    seconds: float | None = None
    seconds_to: dict[str, float] = field(default_factory=dict)
    teachers: dict[str, TeacherCost] = field(default_factory=dict)

    @property
    def of_teachers(self) -> TeacherCost | None:
        """All teachers together, a run that several terms ask counted once; None = there is none.

        None of a number that one of them did not record.
        """
        if not self.teachers:
            return None
        once = {cost.run: cost for cost in self.teachers.values()}
        known = {
            name: [getattr(cost, name) for cost in once.values()]
            for name in ("network_steps", "operations", "seconds")
        }
        known["answers"] = [cost.answers for cost in self.teachers.values()]
        sums = {name: None if None in of else sum(of) for name, of in known.items()}
        return TeacherCost(", ".join(once), **sums)


def training_operations(
    evaluation: Evaluation, *, network_steps: int, samples: int, epochs: int
) -> float | None:
    """Multiply-accumulates x 2 of a training, see `TrainingCost`; None = not measured.

    Args:
        evaluation: of the network that was trained.
        network_steps: T_t.
        samples: training samples of an epoch.
        epochs: that were trained.
    """
    forward = forward_operations(evaluation, network_steps=network_steps)
    if forward is None:
        return None
    for early in evaluation.early_exit.values():
        forward += 2 * network_steps * (early.costs.weak_dense_macs if early.costs else 0.0)
    return PASSES * forward * samples * epochs


def forward_operations(evaluation: Evaluation, *, network_steps: int) -> float | None:
    """Multiply-accumulates x 2 of one sample's forward pass, without exits; None = not measured.

    Args:
        evaluation: of the network.
        network_steps: timesteps of the pass.
    """
    if evaluation.operations is None or not evaluation.operations.layers:
        return None  # a network whose products are all its own has none that were counted
    forward = 0.0
    for layer in evaluation.operations.layers.values():
        # In front of all spikes an image is the same at every timestep, and computed once.
        once = layer.kind == "mac" and layer.count[-1] < 1.5 * layer.dense_macs
        forward += layer.dense_macs * (1 if once else network_steps)
    return 2 * forward


def seconds_to_levels(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Seconds until the validation accuracy first reached each level, by the level in per cent.

    Args:
        rows: of metrics.csv; those without seconds or accuracy say nothing.
    """
    found: dict[str, float] = {}
    for row in rows:
        if "seconds" in row and "val/accuracy" in row:
            reached = [level for level in LEVELS if 100 * row["val/accuracy"] >= level]
            for level in reached:
                found.setdefault(str(level), row["seconds"])
    return found
