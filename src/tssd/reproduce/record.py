"""What a table needs of a run, a line each: kept where run folders are not, to add seeds later."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from tssd.errors import DataError, UsageError
from tssd.reading import TOO_DEEP, one_line
from tssd.reproduce.plan import Cell, Kind, Variant
from tssd.runs.evaluation import LONGEST, PerT
from tssd.runs.results import Epoch, Results
from tssd.runs.text_files import read_text
from tssd.runs.typed_json import MisfitError, plain, read_as, wrong
from tssd.runs.which_epoch import epoch_in_words

# Kinds of plans that show nothing of a run but what is recorded here.
FROM_RECORDS: tuple[Kind, ...] = ("table", "ablation", "composition", "sweep")


def _by_timesteps(value: Any) -> dict[int, float]:
    """Accuracies, 0 to 1, by the T that a file calls them by."""
    if not isinstance(value, dict):
        raise wrong(value, "a mapping of timesteps")
    found: dict[int, float] = {}
    for name, share in value.items():
        t = int(name) if name.isascii() and name.isdecimal() and len(name) <= 5 else 0
        if not 1 <= t <= LONGEST:
            raise MisfitError(f" is at T = {name[:20]!r}, expected 1 to {LONGEST}")
        if type(share) not in (int, float) or not 0 <= share <= 1:
            raise MisfitError(f" at T = {t} is {str(share)[:20]}, expected a share, 0 to 1")
        found[t] = float(share)
    return found


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run; None, or what is empty, was not recorded.

    Args:
        train: the words that follow `tssd train`.
        options: that were given to all runs of the plan besides; those of the data's place not.
        seed: of the run.
        epoch: whose weights.
        epoch_in_words: the same with its reason.
        accuracy: on the test samples at each T, 0 to 1.
        recalibrated: the same with batch norm recalibrated at that T.
        split_hash: of the samples that were chosen.
        content_hash: of what they hold.
        network_steps: timesteps of the whole network a training sample.
        seconds: of training.
        teacher_seconds: of its teachers' training; 0 without any.
        processor: that it was trained on.
    """

    train: str
    options: str = ""
    seed: int
    epoch: Epoch
    epoch_in_words: str
    accuracy: Annotated[dict[int, float], _by_timesteps]
    recalibrated: Annotated[dict[int, float], _by_timesteps] = field(default_factory=dict)
    split_hash: str
    content_hash: str | None = None
    network_steps: int | None = None
    seconds: float | None = None
    teacher_seconds: float | None = None
    processor: str | None = None

    @property
    def variant(self) -> Variant:
        """What was trained. Raises: UsageError: its words are no recipe with options."""
        return Variant.parse(self.train)

    def curve(self, cell: Cell) -> Mapping[int, float]:
        """Accuracy by T as a cell reads it."""
        return self.recalibrated if cell.recalibrated else self.accuracy


def record_of(
    results: Results,
    variant: Variant,
    epoch: Epoch,
    *,
    options: str = "",
    recalibrated: PerT = (),
    processor: str | None = None,
) -> Record:
    """What is kept of a run's results."""
    cost = results.training
    teachers = cost.of_teachers
    return Record(
        train=variant.words,
        options=options,
        seed=results.seed,
        epoch=epoch,
        epoch_in_words=epoch_in_words(results, epoch),
        accuracy=dict(enumerate(results.evaluated(epoch).accuracy, 1)),
        recalibrated=dict(enumerate(recalibrated, 1)),
        split_hash=results.split_hash,
        content_hash=results.content_hash,
        # Those of earlier versions have recorded T_t alone.
        network_steps=cost.network_steps or results.timesteps.teacher,
        seconds=cost.seconds,
        teacher_seconds=teachers.seconds if teachers else 0.0,
        processor=processor,
    )


def as_lines(records: Iterable[Record]) -> str:
    """JSON, a line each."""
    return "".join(json.dumps(_brief(record), ensure_ascii=False) + "\n" for record in records)


def read_records(path: Path) -> list[Record]:
    """What `as_lines` wrote.

    Raises: DataError: there is no such file, or a line is no record; names it.
    """
    if not path.is_file():
        raise DataError(
            f"{path}: no such file; expected NAME-runs.jsonl, which tssd reproduce writes"
        )
    found: list[Record] = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = read_as(Record, _json(line))
            _ = record.variant
        except (ValueError, UsageError) as error:
            raise DataError(
                f"{path}: line {number}: {one_line(error)}; expected a run of a NAME-runs.jsonl "
                "that tssd reproduce wrote; remove the line or restore the file"
            ) from None
        found.append(record)
    return found


def _brief(record: Record) -> dict[str, Any]:
    """Without what is empty; a line is read by people, too."""
    content = {name: value for name, value in plain(record).items() if value not in (None, "", {})}
    for name in ("seconds", "teacher_seconds"):
        if name in content:
            content[name] = round(content[name], 1)
    return content


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
