import sys
from importlib.metadata import PackageNotFoundError

import pytest

from tssd.doctor import installed


@pytest.fixture
def machine(monkeypatch):
    """Sets what is installed and what tssd asks for."""

    def machine(asked, there):
        def version(name):
            if name not in there:
                raise PackageNotFoundError(name)
            return there[name]

        monkeypatch.setattr(installed, "requires", lambda name: asked)
        monkeypatch.setattr(installed, "version", version)

    return machine


def test_what_is_missing_or_old_is_named_with_the_command(machine):
    machine(
        ["torch>=2.6", "jsonargparse[signatures]>=4.50", "rich>=13"],
        {"torch": "2.5.1", "rich": "14"},
    )
    found = installed.required()
    assert (found.check, found.status) == ("packages", "fails")
    assert found.text == "torch is 2.5.1, expected >=2.6, jsonargparse is not installed"
    install = f"{sys.executable} -m pip install 'torch>=2.6' 'jsonargparse[signatures]>=4.50'"
    assert found.remedy == install
    machine(["torch>=2.6"], {"torch": "2.14.1+cpu"})
    assert installed.required().text == "all 1 that tssd needs are here"


def test_each_extra_says_what_it_is_for(machine):
    asked = [
        "torch>=2.6",
        "tensorboard>=2.16; extra == 'tensorboard'",
        "spikingjelly>=2.0; extra == 'interop'",
        'snntorch>=1.0; extra == "interop"',
        "new>=1; python_version >= '3.11' and extra == 'later'",
        "old>=1; python_version < '3.0' and extra == 'later'",
        "pytest; extra == 'dev'",
    ]
    machine(asked, {"torch": "2.6", "tensorboard": "2.20", "spikingjelly": "2.0"})
    tensorboard, interop, later = installed.extras()
    assert tensorboard.line() == "ok     [tensorboard] TensorBoard logs: tensorboard 2.20"
    assert (interop.check, interop.status) == ("[interop]", "note")
    assert interop.text == "networks of SpikingJelly and snnTorch: snntorch is not installed"
    assert interop.remedy.endswith("-m pip install 'snntorch>=1.0'")
    assert (later.check, later.remedy.split()[-1]) == ("[later]", "'new>=1'")


def test_a_python_that_is_too_old_fails(monkeypatch):
    assert installed.python().status == "ok"
    monkeypatch.setattr("platform.python_version", lambda: "3.10.2")
    monkeypatch.setattr(installed, "metadata", lambda name: {"Requires-Python": ">=3.11"})
    found = installed.python()
    assert found.status == "fails"
    assert found.text.endswith("expected >=3.11")


def test_a_checkout_that_is_not_installed_says_so(machine):
    machine(None, {})
    found = installed.tssd()
    assert (found.status, found.remedy) == ("note", "install it with pip from its folder")
