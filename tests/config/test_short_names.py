import pytest

from tssd.config.options import parameters
from tssd.config.schema import SECTIONS
from tssd.config.short_names import in_full, named_in_full, spell_out, spelled_out
from tssd.data import ImageFolder
from tssd.errors import UsageError
from tssd.models.base import MakeNeuron


def kind(section):
    return SECTIONS[section][0]


def test_in_full_leaves_paths_and_plain_values():
    assert in_full(kind("net"), "a.B") == "a.B"
    assert in_full(str, "SGD") == "SGD"
    assert in_full(MakeNeuron, "LIF") == "tssd.LIF"
    assert in_full(MakeNeuron, "ReLU") == "torch.nn.ReLU"
    assert in_full(kind("schedule"), "Cosine") == "tssd.training.schedule.Cosine"


@pytest.mark.parametrize(
    ("section", "name", "message"),
    [
        (
            "optimizer",
            "SGDD",
            "'SGDD' is neither a known class nor an import path; did you mean SG",
        ),
        ("schedule", "cosin", "did you mean Cosine?"),
        ("data", "ImageFoldr", "did you mean ImageFolder?"),
        ("optimizer", "lr_scheduler", "'lr_scheduler' is neither"),  # a module
        ("optimizer", "Cosine", "'Cosine' is neither"),  # of another kind
    ],
)
def test_a_name_of_nothing_is_refused_with_the_nearest(section, name, message):
    with pytest.raises(UsageError) as error:
        in_full(kind(section), name)
    assert message in str(error.value)


def test_spell_out_goes_as_deep_as_classes_go_and_leaves_what_it_does_not_know():
    unknown = {"neuron": {"class_path": "NoSuch"}}
    config = {
        "objectives": {"spatial": {"class_path": "SpatialDistillation",
                                   "init_args": {"distance": "SquaredNorm"}}},
        "net": {"class_path": "vgg9", "init_args": unknown},
        "schedule": "Never",
        "trainer": {"epochs": 3},
        "unknown": "SGD",
    }  # fmt: skip
    assert spell_out(config) == {
        "objectives": {"spatial": {"class_path": "tssd.objectives.SpatialDistillation",
                                   "init_args": {"distance": "tssd.objectives.SquaredNorm"}}},
        "net": {"class_path": "tssd.models.vgg9", "init_args": unknown},
        "schedule": "Never",
        "trainer": {"epochs": 3},
        "unknown": "SGD",
    }  # fmt: skip
    assert spelled_out(kind("net"), 5) == 5


def test_transforms_are_known_by_their_names_one_or_a_list():
    kind = parameters(ImageFolder)["transforms"].kind
    erasing = {"class_path": "RandomErasing", "init_args": {"p": 0.3}}
    home = "torchvision.transforms.v2"
    listed = [f"{home}.RandAugment", {**erasing, "class_path": f"{home}.RandomErasing"}]
    assert spelled_out(kind, ["RandAugment", erasing]) == listed
    assert spelled_out(kind, "RandAugment") == named_in_full(kind, "RandAugment") == listed[:1]
    assert spelled_out(kind, None) is None
    for wrong in ("RandAugmnt", ["ColorJitter", "RandAugmnt"]):
        with pytest.raises(UsageError, match="'RandAugmnt' is neither .* mean RandAugment"):
            named_in_full(kind, wrong)
