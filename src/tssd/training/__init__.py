"""Training: Lightning runs the loop, this gives it a step, checkpoints and a run folder."""
