"""The evaluation of a run: its network and exits on its test samples."""

from typing import cast

from tssd.evaluation import Evaluation, evaluate
from tssd.models.base import SpikingNet
from tssd.training.parts import Parts


def evaluate_parts(parts: Parts) -> Evaluation:
    """Evaluate at every T as the run's settings say. See `evaluate` for what it raises."""
    timesteps = parts.evaluate_timesteps
    return evaluate(
        cast(SpikingNet, parts.net),
        parts.data.test_dataloader(),
        timesteps,
        criterion=parts.criterion,
        report_at=min(parts.criterion.timesteps.student, timesteps),
        device=parts.device,
        progress=parts.trainer.progress,
    )
