import pytest
import torch

from tssd.errors import UsageError

from .own import digits


def test_a_run_shows_itself_as_a_table(trained_here):
    run = trained_here.run
    first, *rows, last = repr(run).splitlines()
    assert first.startswith("Sequential on TensorDataset: TSSD, T_s = 1, T_t = 4, accuracy on 140")
    assert [row.split()[2] for row in rows] == ["1*", "2", "3", "4"]
    assert rows[0].split()[3] == f"{100 * run.accuracy[1]:.2f}"
    assert last == f"in {trained_here.folder}"
    shown = run._repr_html_()
    assert "<th>T = 1*</th>" in shown and "data:image/png;base64,iVBOR" in shown


def test_predictions_are_those_that_the_results_count(trained_here):
    run, test = trained_here.run, digits(160, 300)
    found = run.predict(test.tensors[0])
    right = (found.classes == test.tensors[1]).double().mean(1)
    assert right.tolist() == pytest.approx([*run.accuracy.values()])
    listed = run.predict([test[n][0] for n in range(3)], timesteps=2)
    assert torch.equal(listed.classes, found.classes[:2, :3])
    assert run.predict(test[0][0][None]).names[0] == [str(int(found.classes[0, 0]))]


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (torch.rand(8, 8), r"sample 0 has x of shape \[8\]"),
        (torch.rand(2, 3, 8, 8), r"got \[3, 8, 8\] for one, expected samples of 1 x 8 x 8"),
        ("a.png", "sample 0 has a str for x"),
        ([], "got none, expected 1 or more samples of 1 x 8 x 8"),
    ],
)
def test_samples_of_another_kind_are_refused(trained_here, samples, words):
    with pytest.raises(UsageError, match=f"^samples: {words}"):
        trained_here.run.predict(samples)


def test_a_report_goes_where_it_is_wanted(trained_here, tmp_path):
    path = trained_here.run.report(tmp_path / "page.html", samples=2)
    text = path.read_text()
    assert path == tmp_path / "page.html"
    assert "Samples" in text and "Not shown" not in text
    assert "no samples were asked for" in trained_here.run.report(path, samples=0).read_text()
