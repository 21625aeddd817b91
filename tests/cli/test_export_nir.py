"""`tssd export --format nir`: a run, whose neurons reset softly, as most do."""

import json
import sys

import pytest


def test_a_soft_reset_is_refused_or_recorded(tssd, trained, tmp_path):
    pytest.importorskip("nirtorch", reason="needs the extra: pip install tssd[nir]")
    words = ("export", trained, "--format", "nir", "--output", "out", "--timesteps", "2")
    outcome = tssd(*words)
    assert outcome.code == 2
    assert "unsupported in nir: node 'stages.0.0.2' (lif): it subtracts" in outcome.mistake
    assert "--soft-reset recorded" in outcome.mistake
    assert not [*tmp_path.iterdir()]
    outcome = tssd(*words, "--soft-reset", "recorded", "--samples", "9")
    assert (outcome.code, outcome.err) == (0, "")
    assert "faithful: on 9 samples at T = 2, none of" in outcome.out
    facts = json.loads((tmp_path / "out" / "export.json").read_text())
    from tssd.exporting.nir_reading import read_nir

    assert read_nir(tmp_path / "out" / "network.nir").facts["accuracy"] == facts["accuracy"]


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        (["--format", "torch", "--soft-reset", "recorded"], "--soft-reset: is of --format nir"),
        (["--format", "nir", "--soft-reset", "ignored"], "--soft-reset: invalid choice: 'ignored'"),
    ],
)
def test_mistakes(tssd, words, mistake):
    outcome = tssd("export", "run", *words)
    assert outcome.code == 2
    assert mistake in outcome.mistake


def test_a_missing_extra_is_named_before_anything_is_read(tssd, monkeypatch):
    monkeypatch.setitem(sys.modules, "nir", None)
    monkeypatch.delitem(sys.modules, "tssd.exporting.nir", raising=False)
    outcome = tssd("export", "no_such_run", "--format", "nir")
    assert outcome.code == 2
    assert outcome.mistake.endswith("is not installed: pip install 'tssd[nir]'")
