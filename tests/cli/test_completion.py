import shutil
import subprocess
import sys

import pytest

from tssd.cli.completion import SCRIPTS
from tssd.cli.main import main


def test_an_unknown_shell_names_the_nearest(tssd):
    assert tssd("completion", "bsh").mistake.endswith("did you mean bash?")
    assert tssd("completion").mistake.endswith("expected one of bash, zsh, fish")


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_script_asks_for_candidates(tssd, shell):
    assert "tssd completion candidates" in tssd("completion", shell).out
    if (there := shutil.which(shell)) is not None:
        subprocess.run([there, "-n"], input=SCRIPTS[shell], text=True, check=True)


def test_bash_completes_with_what_tssd_answers(tmp_path, capsys):
    if (bash := shutil.which("bash")) is None:
        pytest.skip("needs bash")
    assert main(["completion", "candidates", "train", "digits+vgg9+vanilla"]) == 0
    offered = capsys.readouterr().out
    # In its place stands what has been asked for above: a Python each would take long.
    (tmp_path / "tssd").write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat <<E\n{offered}E\n'
    )
    (tmp_path / "tssd").chmod(0o755)
    script = f"""PATH={tmp_path}:$PATH; {SCRIPTS["bash"]}
        compopt() {{ echo compopt "$@"; }}
        COMP_WORDS=(tssd train digits+vgg9+vanilla); COMP_CWORD=2
        _tssd; printf '%s\\n' "${{COMPREPLY[@]}}"
        cat {tmp_path}/asked"""
    done = subprocess.run([bash, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "compopt -o nospace", "digits+vgg9+vanilla_ts", "digits+vgg9+vanilla_tt",
        "completion candidates train digits+vgg9+vanilla",
    ]  # fmt: skip
    assert done.stderr == ""


def test_candidates_need_no_torch():
    code = (
        "import sys; from tssd.cli.main import main;"
        "main(['completion', 'candidates', 'train', 'digits+vgg9+tssd', '--net.w']);"
        "assert not {'torch', 'lightning', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "--net.width\n"
