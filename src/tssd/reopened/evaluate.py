"""A run on its test samples once more, for evaluation.json."""

from tssd.data.loading import one_line_failures
from tssd.reopened.open_run import OpenRun
from tssd.reopened.same_data import ComparedData
from tssd.runs.later_evaluation import LaterEvaluation
from tssd.training.evaluating import evaluate_parts
from tssd.training.step_errors import one_line_step_errors


def evaluate_run(opened: OpenRun, compared: ComparedData) -> LaterEvaluation:
    """Evaluate at every T that the run's settings say.

    Args:
        opened: the run.
        compared: its data beside that of training.
    Raises: DataError: samples or weights are damaged, or it does not fit into memory.
    Side effects: sets torch's threads where the run says how many.
    """
    parts, saved = opened.parts, opened.saved
    parts.trainer.use_threads()
    parts.data.setup("test")
    with one_line_failures(), one_line_step_errors(parts):
        evaluation = evaluate_parts(parts)
    return LaterEvaluation(
        **vars(evaluation),
        epoch=None if saved.epoch is None else saved.epoch - 1,
        split_hash=compared.now.split_hash,
        content_hash=compared.now.content_hash,
        data_of_training=compared.same,
        trained_on=compared.trained_on,
        unfinished=saved.unfinished,
    )
