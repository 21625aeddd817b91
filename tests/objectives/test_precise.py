import torch

from tssd.objectives.precise import no_autocast, precise


def test_half_precision_becomes_single_and_double_stays():
    for given, found in ((torch.bfloat16, torch.float32), (torch.float64, torch.float64)):
        values = torch.tensor([1.5, -2.0], dtype=given)
        assert precise(values).dtype == found
        assert precise(values).tolist() == [1.5, -2.0]


def test_products_are_not_rounded_inside():
    values = torch.tensor([[1.001, 2.003]])
    with torch.autocast("cpu", torch.bfloat16):
        rounded = values @ values.T
        with no_autocast(values):
            exact = values @ values.T
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(exact, (values.double() @ values.double().T).float())
    assert abs(rounded - exact).item() > 0.001
    with no_autocast(values.to("meta")):  # which knows no autocast
        pass
