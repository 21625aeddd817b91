"""The files that a trained run is shared as, all made before any is written or sent."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from tssd.errors import DataError, UsageError
from tssd.exporting.folder import new_folder
from tssd.hub.download import CARD, FILES
from tssd.hub.locate import located
from tssd.hub.name import HubName
from tssd.reading import one_line, read_json
from tssd.reopened.load import load
from tssd.reopened.open_run import model_of
from tssd.runs.files import RunFiles
from tssd.runs.folder import RunFolder
from tssd.sharing.card import Shared, card
from tssd.sharing.portable import portable_config, portable_environment, portable_results


def contents(
    path: str | Path,
    name: HubName,
    *,
    description: str | None = None,
    licence: str | None = None,
    trust: Sequence[str] = (),
    own_card: str | None = None,
) -> dict[str, bytes]:
    """The files of a network, by name: what is written into a folder or uploaded, and no more.

    The network is loaded first, as those will who get it: what can't be loaded is not shared.

    Args:
        path: of a finished run.
        name: that the network gets, for the card.
        description: in place of the recipe's, which knows nothing of the options that were given.
        licence: for the card, as the hub abbreviates it, such as mit.
        trust: modules of one's own that the run needs; the card says so.
        own_card: text in place of the card that is written.
    Raises: DataError: the run is not finished, damaged, or trained with a network that no file can
        rebuild. UsageError: it names a module that is not trusted.
    """
    run = RunFolder.open(located(path))
    results = portable_results(run.read_results())
    net = load(path, trust=trust)
    if net.unfinished:
        raise DataError(f"{path}: not finished ({net.unfinished}); finish it with `{run.resuming}`")
    facts = read_json(run.environment) if run.environment.exists() else {}
    options = portable_config(run.read_config())
    if description is not None:
        results = replace(results, description=description)
        options["description"] = description
    config = yaml.safe_dump(options, sort_keys=False)
    model = model_of(run).to_dict()
    environment = portable_environment(facts)
    files = {"model.safetensors": run.weights.read_bytes()}
    if run.exits.exists():
        files["exits.safetensors"] = run.exits.read_bytes()
    files["model.json"] = _json(model)
    files["config.yaml"] = config.encode()
    files["results.json"] = _json(results.to_dict())
    files["environment.json"] = _json(environment)
    readable = RunFiles(
        name=name.name, results=results, config=config, environment=environment, model=model
    )
    size = len(files["model.safetensors"])
    text = own_card or card(Shared(readable, results, name, licence, trust, size))
    return {CARD: text.encode(), **files}


def read_card(path: str | Path) -> str:
    """A card of one's own. Raises: UsageError: it can't be read, or has no head for the hub."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--card: {path} can't be read ({one_line(error)})") from None
    if not text.startswith("---\n"):
        raise UsageError(
            f"--card: {path} has no head for the hub, YAML between two lines of ---; begin with "
            "the card that --output writes"
        )
    return text


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder, which appears whole or not at all.

    Raises: DataError: something is there already, or it can't be written.
    """
    with new_folder(folder) as made:
        for name in [name for name in FILES if name in files]:
            (made / name).write_bytes(files[name])


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode()
