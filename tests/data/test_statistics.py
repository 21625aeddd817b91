import torch

from tssd.data.statistics import channel_statistics


def test_channel_statistics_equal_torch_over_the_chosen_images():
    images = torch.randint(
        0, 256, (600, 3, 4, 5), generator=torch.Generator().manual_seed(0)
    ).byte()
    index = torch.arange(0, 600, 2)
    mean, std = channel_statistics(images, index)
    pixels = images[index].double() / 255
    torch.testing.assert_close(mean, tuple(pixels.mean((0, 2, 3)).tolist()), atol=5e-5, rtol=0)
    expected = tuple(pixels.std((0, 2, 3), unbiased=False).tolist())
    torch.testing.assert_close(std, expected, atol=5e-5, rtol=0)


def test_channel_statistics_when_a_channel_is_constant():
    images = torch.full((2, 1, 3, 3), 51, dtype=torch.uint8)
    assert channel_statistics(images, torch.arange(2)) == ((0.2,), (1.0,))


def test_channel_statistics_when_a_channel_is_constant_but_for_a_pixel():
    images = torch.zeros(100, 1, 32, 32, dtype=torch.uint8)
    images[0, 0, 0, 0] = 1  # a std of 1.2e-5
    assert channel_statistics(images, torch.arange(100)) == ((0.0,), (1.0,))
