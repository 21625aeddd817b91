"""A simulated DVS-Gesture in the layout of the original: AEDAT 3.1 files, label files and lists."""

import gzip
import io
import tarfile
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from tssd.atomic import replacing
from tssd.events.datasets.dvsgesture import GESTURES, TREE
from tssd.events.datasets.simulated import NOTE
from tssd.events.formats.aedat3 import write_aedat3
from tssd.events.formats.gesture_labels import write_labels
from tssd.simulate.datasets.gesture_trial import GestureStyle, record_trial
from tssd.simulate.datasets.note import claimed, note
from tssd.simulate.datasets.workers import run_all

ARCHIVE = "DvsGesture.tar.gz"

LIGHTS = ("fluorescent", "fluorescent_led", "lab", "led", "natural")
USERS = 29
TRAINING_USERS = 23

# The original leaves some trials out; which ones is assumed. All but "lab" of everybody, and "lab"
# of the first six users, make its 98 training and 24 test trials.
LAB_USERS = 6


@dataclass(frozen=True)
class Trial:
    """One recording of a user under a light."""

    user: int
    light: str

    @property
    def name(self) -> str:
        """Name of its files without ending, userNN_<light>."""
        return f"user{self.user:02d}_{self.light}"


@dataclass(frozen=True)
class _Task:
    trial: Trial
    style: GestureStyle
    folder: Path


def trials() -> list[Trial]:
    """All 122 trials, 98 of users 1 to 23 and 24 of users 24 to 29, in order."""
    return [
        Trial(user, light)
        for user in range(1, USERS + 1)
        for light in LIGHTS
        if light != "lab" or user <= LAB_USERS
    ]


def write_dvsgesture(
    folder: Path,
    *,
    style: GestureStyle | None = None,
    archive: bool = False,
    processes: int | None = None,
) -> int:
    """Write all 122 trials with their labels (1176 training and 288 test gestures) and lists.

    Finished files of an interrupted run are kept.

    Args:
        folder: An empty folder, or one that the same call began; gets DvsGesture/ and a note.
        style: Sizes and seed; None for about the original's size, some 2.5 GB.
        archive: Write DvsGesture.tar.gz as downloaded, instead of the folder.
        processes: How many work at once; None for one a core.

    Returns:
        The number of trials written now.

    Raises:
        DataError: The folder holds something else, or cannot be written.
    """
    style = style or GestureStyle()
    folder = Path(folder)
    text = note("DVS-Gesture", {"archive": archive, **asdict(style)})
    with claimed(folder, text) as scratch:
        if not archive:
            return _write_tree(folder / TREE, style, text, processes=processes)
        if (folder / ARCHIVE).exists():
            return 0
        written = _write_tree(scratch / TREE, style, text, processes=processes)
        _pack(scratch / TREE, folder / ARCHIVE)
        return written


def _write_tree(tree: Path, style: GestureStyle, text: str, *, processes: int | None) -> int:
    tree.mkdir(exist_ok=True)
    # The label file is written last: where it is, the trial is whole.
    missing = [t for t in trials() if not (tree / f"{t.name}_labels.csv").exists()]
    tasks = (_Task(trial, style, tree) for trial in missing)
    recorded = run_all(_record, tasks, total=len(missing), title="Simulating", processes=processes)
    with closing(recorded) as done:
        for _ in done:
            pass
    for part, training in (("train", True), ("test", False)):
        names = [f"{t.name}.aedat" for t in trials() if (t.user <= TRAINING_USERS) == training]
        _write_text(tree / f"trials_to_{part}.txt", "\n".join(names) + "\n")
    rows = [f"{name},{n}" for n, name in enumerate(GESTURES, start=1)]
    _write_text(tree / "gesture_mapping.csv", "\n".join(["action,label", *rows]) + "\n")
    # In the folder as well: an archive may be unpacked anywhere.
    _write_text(tree / NOTE, text)
    return len(missing)


def _record(task: _Task) -> None:
    trial = task.trial
    events, windows = record_trial(
        trial.name, trial.user, LIGHTS.index(trial.light), style=task.style
    )
    write_aedat3(task.folder / f"{trial.name}.aedat", events)
    write_labels(task.folder / f"{trial.name}_labels.csv", windows)


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as file:
        file.write(text.encode())


def _pack(tree: Path, path: Path) -> None:
    """Pack the tree; the same files give the same bytes, whenever and by whom."""
    with (
        replacing(path) as target,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=target, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        tar.addfile(_folder_entry(tree.name))
        for file in sorted(tree.iterdir()):
            entry = tarfile.TarInfo(f"{tree.name}/{file.name}")
            contents = file.read_bytes()
            entry.size = len(contents)
            tar.addfile(entry, io.BytesIO(contents))


def _folder_entry(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    return entry
