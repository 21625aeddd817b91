"""A run that was trained from Python: what came of it, its network, and its report."""

import base64
import io
from html import escape
from pathlib import Path
from typing import Any

from tssd.atomic import write_atomically
from tssd.reopened.samples import samples_of
from tssd.report.html import Samples, run_page
from tssd.runs.files import read_run
from tssd.runs.results import Results
from tssd.runs.which_epoch import epoch_in_words
from tssd.trained import Prediction, TrainedNet
from tssd.training.parts import Parts

# Samples that a report shows.
SHOWN = 8


class Run:
    """A trained run. In a notebook it shows itself as a table and a picture.

    Args:
        folder: of the run, for `tssd report`, `tssd.load` and `tssd.fit(..., folder=folder)`.
        results: what results.json holds.
        net: the trained network, ready to use, with the preprocessing of its data and its classes.
        parts: what it was trained with.
    """

    def __init__(self, folder: Path, results: Results, net: TrainedNet, parts: Parts) -> None:
        self.folder = folder
        self.results = results
        self.net = net
        self._parts = parts

    @property
    def accuracy(self) -> dict[int, float]:
        """Test accuracy, 0 to 1, by the timesteps T at inference; of the epoch that counts."""
        return dict(enumerate(self.results.evaluated().accuracy, start=1))

    def predict(self, samples: Any, timesteps: int | None = None) -> Prediction:
        """Classes at T = 1..timesteps, and how sure the network is.

        Args:
            samples: of a Dataset, a list of its x or a batch [N, ...] of them, as it gives them; of
                tssd's data modules what `TrainedNet.transform` takes, such as raw images.
            timesteps: the longest T; None = the teacher's.
        Raises: as `TrainedNet.predict`.
        """
        return self.net.predict(samples, timesteps)

    def report(self, path: str | Path | None = None, *, samples: int = SHOWN) -> Path:
        """Write all about the run as one HTML file, which needs no network; where it is.

        Args:
            path: of the file; None = report.html in the run's folder.
            samples: number of test samples to show what the network does with.
        """
        path = self.folder / "report.html" if path is None else Path(path)
        shown: Samples | str = "no samples were asked for."
        if samples:
            self._parts.net.load_state_dict(self.net.net.state_dict())
            shown = samples_of(self._parts, samples)
        text = run_page(read_run(self.folder), shown, command="run.report()")
        write_atomically(path, lambda file: file.write_text(text, encoding="utf-8"))
        return path

    def __repr__(self) -> str:
        student = self.results.timesteps.student
        lines = [
            f"  T = {t}{'*' if t == student else ' '} {100 * share:6.2f} %"
            for t, share in self.accuracy.items()
        ]
        return "\n".join([f"{self._title()}, {self._about()}", *lines, f"in {self.folder}"])

    def _repr_html_(self) -> str:
        student = self.results.timesteps.student
        heads = "".join(f"<th>T = {t}{'*' * (t == student)}</th>" for t in self.accuracy)
        cells = "".join(f"<td>{100 * share:.2f} %</td>" for share in self.accuracy.values())
        return (
            f"<p><b>{escape(self._title())}</b><br>{escape(self._about())}; * the timesteps it is "
            f"meant for</p><table><thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody>"
            f"</table><img alt='test accuracy against timesteps' src='data:image/png;base64,"
            f"{self._picture()}'><p><code>{escape(str(self.folder))}</code></p>"
        )

    def _title(self) -> str:
        return self.results.description or str(self.folder)

    def _about(self) -> str:
        number = self.results.evaluated().samples
        return f"accuracy on {number} test samples, {epoch_in_words(self.results)}"

    def _picture(self) -> str:
        """Accuracy against T as a PNG in base64."""
        # Without pyplot, which would choose a screen.
        from matplotlib.figure import Figure

        figure = Figure(figsize=(4.2, 2.6), layout="constrained")
        axes = figure.subplots()
        axes.plot([*self.accuracy], [100 * share for share in self.accuracy.values()], marker="o")
        axes.set_xticks([*self.accuracy])
        axes.set_xlabel("timesteps T at inference")
        axes.set_ylabel("test accuracy, %")
        axes.grid(alpha=0.3)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=110)
        return base64.b64encode(file.getvalue()).decode()
