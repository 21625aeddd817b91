import torch

from tssd.objectives.precise import precise


def test_half_precision_becomes_single_and_double_stays():
    for given, found in ((torch.bfloat16, torch.float32), (torch.float64, torch.float64)):
        values = torch.tensor([1.5, -2.0], dtype=given)
        assert precise(values).dtype == found
        assert precise(values).tolist() == [1.5, -2.0]
