import logging
import subprocess
import sys

from tssd.cli import loading
from tssd.cli.loading import CHATTY, load_training


def test_the_line_is_said_where_there_is_something_to_wait_for(capsys, monkeypatch):
    imported = []
    monkeypatch.setattr(loading, "import_module", imported.append)
    monkeypatch.setitem(sys.modules, "torch", sys)
    load_training()
    assert capsys.readouterr() == ("", "")
    monkeypatch.delitem(sys.modules, "torch")
    load_training([("trainer.epochs", "5")])
    assert capsys.readouterr() == ("", "loading torch and Lightning ...\n")
    load_training([("trainer.progress", "false")])
    assert capsys.readouterr() == ("", "")
    assert imported == ["tssd.training.fit"] * 3


def test_lightning_says_only_what_is_wrong():
    load_training()
    assert all(logging.getLogger(name).level == logging.WARNING for name in CHATTY)


def test_names_are_checked_without_torch():
    modules = ("tssd.config.quick_names", "tssd.cli.main", "tssd.cli.train", "tssd.cli.compare")
    code = f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
