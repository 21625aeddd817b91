"""The evaluation of a run: its network and exits on its test samples."""

from contextlib import nullcontext
from typing import cast

import torch

from tssd.evaluation import Evaluation, evaluate
from tssd.models.base import SpikingNet
from tssd.training.parts import Parts


def evaluate_parts(parts: Parts) -> Evaluation:
    """Evaluate at every T as the run's settings say. See `evaluate` for what it raises."""
    timesteps = parts.evaluate_timesteps
    parts.place_data(parts.device)
    # With the hooks that count spikes everything would be compiled once more, in small pieces.
    eager = torch.compiler.set_stance("force_eager") if parts.trainer.compile else nullcontext()
    with eager:
        return evaluate(
            cast(SpikingNet, parts.net),
            parts.data.test_dataloader(),
            timesteps,
            criterion=parts.criterion,
            report_at=min(parts.criterion.timesteps.student, timesteps),
            device=parts.device,
            progress=parts.trainer.progress,
        )
