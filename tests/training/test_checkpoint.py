import torch

from tssd.runs.folder import RunFolder
from tssd.training.checkpoint import AtomicCheckpointIO


def test_checkpoints_of_a_run_hold_tensors_and_plain_values(finished):
    run = RunFolder(finished)
    for path, epoch in ((run.best, 3), (run.last, 6)):
        checkpoint = torch.load(path, weights_only=True)
        assert checkpoint["epoch"] == epoch
        assert AtomicCheckpointIO().load_checkpoint(path).keys() == checkpoint.keys()
