import sys

from tssd.doctor.finding import Finding, pip_install, verdict


def test_a_finding_is_one_line():
    assert Finding("[timm]", "note", "it is missing", "install it").line() == (
        "note   [timm]        it is missing; install it"
    )
    assert Finding("python", "ok", "3.12").line() == "ok     python        3.12"


def test_the_command_is_for_this_python_and_a_shell_takes_it():
    assert pip_install(["timm>=1.0"]) == f"{sys.executable} -m pip install 'timm>=1.0'"


def test_the_verdict_names_what_fails():
    good, note, bad = (Finding(word, word, "") for word in ("ok", "note", "fails"))
    assert verdict([good, good]) == "tssd works here"
    assert verdict([good, note]) == "tssd works here (1 note)"
    assert verdict([note, note]) == "tssd works here (2 notes)"
    assert verdict([good, bad, note]) == "tssd does not work here: fails fails"
    assert verdict([bad, bad]) == "tssd does not work here: fails, fails fail"
