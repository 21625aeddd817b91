import json
import shutil

import pytest
import torch
from torch import nn

import tssd
from tssd.errors import DataError, UsageError
from tssd.objectives import SelfDistillation, TaskCrossEntropy, TeacherDistillation, Timesteps
from tssd.teachers import Teacher
from tssd.trained import GivenInput

DIGITS = {
    "class_names": tuple("0123456789"),
    "sample_shape": (1, 16, 16),
    "mean": (0.3047,),
    "std": (0.3184,),
}


def images():
    return torch.rand(4, 1, 16, 16, generator=torch.Generator().manual_seed(0))


def test_it_says_what_the_runs_network_says(trained):
    x = tssd.repeat_in_time(images(), 2)
    expected = tssd.load(trained)(tssd.repeat_in_time(images(), 4)).logits
    teacher = Teacher(trained)
    assert torch.equal(teacher(x), expected)  # at its own T, the teacher's of its run
    assert torch.equal(Teacher(str(trained), timesteps=1)(x), expected[:1])


def test_nothing_is_read_until_it_is_asked():
    teacher = Teacher("no/such/run")
    assert "no/such/run" in repr(teacher) and teacher.state_dict() == {}
    with pytest.raises(DataError, match="^run: no/such/run: no such folder.* until training is ov"):
        teacher(images()[None])


def test_data_like_its_own_fits(trained):
    teacher = Teacher(trained)
    before = teacher(images()[None])
    teacher.fit_to(**DIGITS)
    assert torch.equal(teacher(images()[None]), before)


@pytest.mark.parametrize("steps", [1, 3])
def test_images_are_normalised_as_it_knows_them(trained, steps):
    teacher = Teacher(trained)
    mean, std = 0.5, 0.2
    own = (images() - 0.3047) / 0.3184
    expected = Teacher(trained)(tssd.repeat_in_time(own, steps))
    teacher.fit_to(**DIGITS | {"mean": (mean,), "std": (std,)})
    found = teacher(tssd.repeat_in_time((images() - mean) / std, steps))
    torch.testing.assert_close(found, expected)


UNKNOWN = DIGITS | {"mean": None, "std": None}


def test_samples_of_which_nothing_is_known_are_refused_until_it_is_said(trained):
    told = "^normalised: got None, but the samples of .* are normalised, with mean 0.3047 and std 0"
    with pytest.raises(
        UsageError, match=f"{told}.*as a Dataset gives them; give .*=True"
    ) as caught:
        Teacher(trained).fit_to(**UNKNOWN)
    assert "\n" not in str(caught.value)
    expected = Teacher(trained)(images()[None])
    alike = Teacher(trained, normalised=True)
    alike.fit_to(**UNKNOWN)
    assert torch.equal(alike(images()[None]), expected)
    raw = 0.3184 * images() + 0.3047
    plain = Teacher(trained, normalised=False)
    plain.fit_to(**UNKNOWN)
    torch.testing.assert_close(plain(raw[None]), expected)
    # In a loop of one's own nobody tells it of any data.
    assert torch.equal(Teacher(trained, normalised=False)(raw[None]), plain(raw[None]))


def test_what_was_said_counts_more_than_the_data(trained):
    teacher = Teacher(trained, normalised=True)
    teacher.fit_to(**DIGITS | {"mean": (0.5,), "std": (0.2,)})
    assert torch.equal(teacher(images()[None]), Teacher(trained)(images()[None]))


def test_a_teacher_of_given_samples_knows_no_more_of_them(trained, monkeypatch):
    net = tssd.load(trained)
    net.transform = GivenInput((1, 16, 16))
    monkeypatch.setattr("tssd.reopened.load.load", lambda *args, **options: net)
    with pytest.raises(
        UsageError, match="^normalised: .*but those that it is shown are normalised"
    ):
        Teacher("mine").fit_to(**DIGITS)
    teacher = Teacher("mine")
    teacher.fit_to(**UNKNOWN)  # given like its own
    assert torch.equal(teacher.as_own(images()), images())
    teacher = Teacher("mine", normalised=False)
    teacher.fit_to(**DIGITS)
    torch.testing.assert_close(teacher.as_own(images()), 0.3184 * images() + 0.3047)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"class_names": ("cat", "dog")}, "knows 10 classes, 0, 1, .*, but the data has 2, cat, d"),
        ({"class_names": tuple("1023456789")}, "knows 10 classes in another order, 0, 1"),
        ({"sample_shape": (1, 8, 8)}, r"samples of 1 x 16 x 16 .*, but the data has 1 x 8 x 8; ta"),
        ({"sample_shape": (3, 16, 16)}, "samples of 1 x 16 x 16"),
    ],
)
def test_other_data_is_refused_in_one_line(trained, other, message):
    with pytest.raises(UsageError, match=f"^run: .*{message}") as caught:
        Teacher(trained).fit_to(**DIGITS | other)
    assert "\n" not in str(caught.value)


def test_it_takes_no_random_numbers_of_the_student(trained):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    Teacher(trained).module()
    assert torch.equal(torch.rand(3), expected)


def test_its_fingerprint_is_that_of_the_run(trained, tmp_path):
    assert Teacher(trained).fingerprint() == Teacher(trained).fingerprint()
    assert Teacher(trained, timesteps=1).fingerprint() != Teacher(trained).fingerprint()


def test_it_stands_in_an_objective_in_a_loop_of_ones_own(trained):
    net = tssd.vgg9(1, 10, 16, width=1 / 32)
    terms = {"task": TaskCrossEntropy(), "taught": TeacherDistillation(Teacher(trained))}
    criterion = SelfDistillation(terms, Timesteps(1, 2)).connect(net)
    loss = criterion.run(net, images(), torch.arange(4))
    loss.total.backward()
    assert loss.terms["taught"] > 0
    assert [*criterion.parameters()] == [] and criterion.state_dict() == {}


def test_a_relative_path_says_from_where(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="^run: ann: no such folder; .*it was looked for") as caught:
        Teacher("ann").module()
    assert str(caught.value).endswith(f"from {tmp_path})")


def test_code_of_ones_own_has_to_be_trusted(trained, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(trained, copy)
    model = json.loads((copy / "model.json").read_text())
    model["net"]["class_path"] = "my_nets.mine"
    (copy / "model.json").write_text(json.dumps(model))
    with pytest.raises(DataError, match=r"it names my_nets.mine, .*--trust my_nets") as caught:
        Teacher(copy).module()
    assert "put it back" not in str(caught.value)
    assert isinstance(Teacher(trained, trust="my_nets").module(), nn.Module)


def test_an_unknown_epoch_is_refused():
    with pytest.raises(UsageError, match="^epoch: got 'first'"):
        Teacher("run", epoch="first")


class OfFour(nn.Module):
    """A part with something for each of four timesteps."""

    longest = 4

    def build_for(self, timesteps):
        raise AssertionError


def test_more_timesteps_than_it_was_built_for_are_refused_before_training(trained, monkeypatch):
    net = tssd.load(trained)
    net.add_module("part", OfFour())
    monkeypatch.setattr("tssd.reopened.load.load", lambda *args, **options: net)
    Teacher(trained).fit_to(**DIGITS)
    with pytest.raises(UsageError, match="^timesteps: got 8, .* run it for 4 at most"):
        Teacher(trained, timesteps=8).fit_to(**DIGITS)


def test_a_network_that_comes_with_tssd_teaches_by_its_name():
    assert Teacher("hub:digits-vgg9").load().num_classes == 10
