"""Misspelt options, found in the source of what a recipe names: importing it takes seconds.

What the source does not tell at a glance is left to `tssd.config.override`, which imports.
"""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tssd.config.compose import layers
from tssd.config.recipe import Config, merge
from tssd.config.sections import AS_OURS, MEANINGS, option_parts, with_defaults
from tssd.config.suggest import nearest
from tssd.errors import UsageError

# Sections that are no class by an import path.
SETTINGS = {
    "trainer": "tssd.training.settings.TrainerSettings",
    "timesteps": "tssd.objectives.base.Timesteps",
}
# Sections whose entries have names of one's own.
BY_NAME = ("objectives", "callbacks")
# Where a class is looked for that is given by its own name alone.
HOMES = ("torch.optim", "tssd.training.schedule", "tssd.models", "tssd.data", "tssd.objectives")
# Packages whose source is read; a module of one's own is imported anyway.
READ = ("tssd", "torch")

Definition = ast.FunctionDef | ast.ClassDef


def check_names(recipe: str, overrides: Sequence[tuple[str, str]]) -> None:
    """Refuse an option that the recipe does not have.

    Raises: UsageError: the recipe or the option does not exist; names the nearest.
    """
    config = with_defaults(merge(layers(recipe)))
    valid = names(config, overrides)
    for option, _ in overrides:
        *above, last = option_parts(option)
        section = ".".join(above)
        if ".".join([*above, last]) in valid or section in BY_NAME:
            continue
        own = any(name.rpartition(".")[0] == section for name in valid) and section != ""
        name = ".".join([*above, last])
        near = nearest(AS_OURS.get(name, name), valid, prefix="--")
        unknown = (above or [last])[0] not in MEANINGS
        # Names further down are not known here, and one of them may be meant.
        if own or (unknown and near.startswith("did you mean")):
            raise UsageError(f"--{option}: no such option; {near}")


def names(config: Config, overrides: Sequence[tuple[str, str]] = ()) -> list[str]:
    """The sections, and those names one level below them that the source tells."""
    given = {".".join(option_parts(option)): text for option, text in overrides}
    found = list(MEANINGS)
    for section in MEANINGS:
        value = config.get(section)
        if section in BY_NAME:
            terms = value if isinstance(value, dict) else {}
            for term in terms:
                above = f"{section}.{term}"
                found += _below(above, given.get(above, terms[term]))
        elif section not in ("description", "seed", "init", "freeze"):
            path = SETTINGS.get(section) or given.get(section, value)
            found += _below(section, path)[1 if section == "optimizer" else 0 :]
    return found


def _below(option: str, node: Any) -> list[str]:
    path = node.get("class_path") if isinstance(node, dict) else node
    return [f"{option}.{name}" for name in _parameters(path) or ()]


def _parameters(path: Any) -> list[str] | None:
    """Names of the parameters of a class or function; None where the source does not tell."""
    if not isinstance(path, str):
        return None
    paths = [path] if "." in path else [f"{home}.{path}" for home in HOMES]
    for found in map(_definition, paths):
        if found is not None:
            return _of_definition(*found)
    return None


def _of_definition(node: Definition, module: str) -> list[str] | None:
    if isinstance(node, ast.FunctionDef):
        return _of(node.args)
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            return _of(part.args)[1:]
    inherited = None
    for base in node.bases:
        found = _definition(f"{module}.{base.id}") if isinstance(base, ast.Name) else None
        if found is not None and (inherited := _of_definition(*found)):
            break
    if any("dataclass" in ast.dump(decorator) for decorator in node.decorator_list):
        return _with_fields(inherited or [], node)
    return inherited


def _with_fields(inherited: Sequence[str], node: ast.ClassDef) -> list[str]:
    """The options of a dataclass: those of its bases and its own fields."""
    fields = {
        part.target.id: "init=False" not in ast.unparse(part)
        for part in node.body
        if isinstance(part, ast.AnnAssign)
        and isinstance(part.target, ast.Name)
        and not {"ClassVar", "KW_ONLY"} & {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
    }
    return [name for name in dict.fromkeys([*inherited, *fields]) if fields.get(name, True)]


def _of(arguments: ast.arguments) -> list[str]:
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument.arg for argument in listed]


@cache
def _definition(path: str) -> tuple[Definition, str] | None:
    """A class or function, and the module that defines it, through any re-exports."""
    module, _, name = path.rpartition(".")
    file = _file(module)
    for node in ast.parse(file.read_text(encoding="utf-8")).body if file else ():
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node, module
        if isinstance(node, ast.ImportFrom) and any(name == as_ for as_, _ in _imported(node)):
            package = module if file and file.name == "__init__.py" else module.rpartition(".")[0]
            above = package.split(".")[: -(node.level - 1) or None] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            original = dict(_imported(node))[name]
            return _definition(f"{source}.{original}")
    return None


def _imported(node: ast.ImportFrom) -> Iterator[tuple[str, str]]:
    for alias in node.names:
        yield alias.asname or alias.name, alias.name


def _file(module: str) -> Path | None:
    top, *below = module.split(".")
    spec = find_spec(top) if top in READ else None  # of a top package: finds, does not import
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent.joinpath(*below)
    files = (path.with_suffix(".py"), path / "__init__.py") if below else (path / "__init__.py",)
    return next((file for file in files if file.is_file()), None)
