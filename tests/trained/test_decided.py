import pytest
import torch
from PIL import Image
from torch import nn

from tssd.errors import DataError, UsageError
from tssd.models import NetOutput
from tssd.objectives import Timesteps
from tssd.trained import FrameInput, GivenInput, ImageInput, TrainedNet
from tssd.trained.decided import decide, suffixes
from tssd.trained.files import RECORDINGS, Files


class Brightness(nn.Module):
    """Class 1 for a bright first pixel, class 0 for a dark one."""

    num_classes = 2

    def forward(self, x):
        pixel = x[..., 0, 0, :1]
        return NetOutput(torch.cat([1 - pixel, pixel], dim=-1))


def net(*, events=False):
    shape = (2, 4, 4) if events else (1, 4, 4)
    transform = FrameInput(shape) if events else ImageInput(shape, (0.0,), (1.0,))
    return TrainedNet(
        Brightness(), transform, class_names=("dark", "bright"), timesteps=Timesteps(1, 2)
    )


@pytest.fixture
def image(tmp_path):
    def image(name, grey):
        path = tmp_path / name
        Image.new("L", (4, 4), grey).save(path)
        return path

    return image


def test_each_file_has_its_class_and_confidence_at_every_t(image):
    files = Files(named=[image("white.png", 255), image("black.png", 0)])
    white, black = decide(net(), files, 2)
    assert (white.file, white.classes) == (files.named[0], ["bright", "bright"])
    assert black.classes == ["dark", "dark"]
    assert black.confidences == [pytest.approx(torch.tensor([1.0, 0.0]).softmax(0)[0].item())] * 2


def test_what_is_unreadable_in_a_folder_is_counted_and_what_is_named_is_told(image, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_text("no image")
    files = Files(found=[image("white.png", 255), broken])
    assert [found.classes[0] for found in decide(net(), files, 1)] == ["bright"]
    assert files.skipped == {"unreadable files": 1}
    with pytest.raises(DataError, match="none of its 1 files is sound"):
        list(decide(net(), Files(found=[broken]), 1))
    with pytest.raises(DataError, match=r"broken\.png"):
        list(decide(net(), Files(named=[broken]), 1))


def test_the_files_that_fit_a_network():
    assert ".png" in suffixes(net())
    assert suffixes(net(events=True)) == RECORDINGS


def test_a_network_on_a_dataset_takes_no_files():
    own = net()
    own.transform = GivenInput((1, 4, 4))
    with pytest.raises(UsageError, match=r"^predict: got files, .*; from Python, .*\[x\]\)$"):
        suffixes(own)
