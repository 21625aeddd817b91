import pytest

from tssd.config.compose import layers
from tssd.config.contradictions import KINDS, LONGER_TEACHER, check_needs
from tssd.config.piece import Piece
from tssd.config.pieces import path_of, rooms
from tssd.errors import UsageError


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "net": "net: {class_path: my.net}",
        "data": "data: {class_path: my.Data}",
        "events": "{extends: data/_events, data: {class_path: my.Data}}",
        "equal": "timesteps: {student: 4, teacher: 4}",
        "words": "timesteps: {student: few, teacher: many}",
        "method": "objectives: {task: {class_path: my.Task}}",
        "mine": "extends: digits+vgg9+tsd",
        "last_word": "{extends: digits+vgg9, objectives: {task: {class_path: my.Task}}}",
    }.items():
        (tmp_path / f"{name}.yaml").write_text(text)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("digits+cifar10+vgg9", "two data sets, digits and cifar10; leave one out"),
        ("digits+vgg9+tssd+resnet18", "two networks, vgg9 and resnet18; leave one out"),
        ("digits+vgg9+tssd+ssd", "two methods, tssd and ssd; leave one out"),
        ("nmnist+vgg9+small+scarce", "two scales, small and scarce; leave one out"),
        ("digits/tssd+cifar10", "two data sets, digits and cifar10; leave one out"),
        ("digits+data.yaml+vgg9", "two data sets, digits and data.yaml; leave one out"),
        ("digits+vgg9+net.yaml", "two networks, vgg9 and net.yaml; leave one out"),
        ("digits+vgg9+tssd+method.yaml", "two methods, tssd and method.yaml; leave one out"),
        ("mine.yaml+ssd", "two methods, tsd and ssd; leave one out"),
        ("digits+vgg9+sigmoid+atan", "sigmoid and atan both set net.neuron.surrogate; leave one"),
        ("digits+vgg9+tebn+tdbn", "tebn and tdbn both set net.norm; leave one out"),
        ("digits+vgg9+mpbn+if", "mpbn and if both set net.neuron; leave one out"),
        ("nmnist+vgg9+t8+t16", "t8 and t16 both set timesteps.student; leave one out"),
        ("digits+vgg9+sml+tssd+tet", "sml and tet both set objectives.task; leave one out"),
        (
            "digits+vgg9+tet+method.yaml",
            "tet and method.yaml both set objectives.task, two task losses; leave one out",
        ),
        ("digits+vgg9+nda", "nda is for event data, and digits is images"),
        ("events.yaml+vgg9+scarce", "scarce is for images, and events.yaml is event data"),
        ("nmnist+vgg9+scarce", "scarce is for images, and nmnist is event data"),
        (
            "digits+vgg9+equal.yaml+tssd",
            "tssd needs T_t > T_s, but with equal.yaml it is T_s = 4 and T_t = 4",
        ),
    ],
)
def test_contradictions_are_refused_with_both_names(files, name, message):
    with pytest.raises(UsageError) as error:
        layers(name)
    assert f"{name}: {message}" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        "digits+vgg9+equal.yaml+ssd",
        "digits+vgg9+words.yaml+tssd",  # told by the option's own check
        "data.yaml+vgg9+nda+tssd",
        "data.yaml+vgg9+scarce+tssd",
        "digits+vgg9+if+atan+hard_reset+tssd",
        "digits+vgg9+mpbn+tebn+hard_reset+tssd",
        "digits+vgg9+tet+rmp+im+tssd",
        "last_word.yaml+tet",
        "cifar10dvs+vgg9+small+nda+t8+tssd",
    ],
)
def test_what_may_go_together_does(files, name):
    assert layers(name)


def test_needs_are_words_that_are_known():
    pieces = [Piece.packaged(path_of(name)) for names in rooms().values() for name in names]
    assert {piece.needs for piece in pieces} <= {"", LONGER_TEACHER, *KINDS}
    check_needs("all", [p for p in pieces if not p.needs], {"student": 1, "teacher": 1})
