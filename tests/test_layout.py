"""The source tree keeps its shape: twin tests, short files, imports that point one way."""

import ast
import functools
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "tssd"
TESTS = ROOT / "tests"
LONGEST = 300
VAGUE = {"util", "utils", "misc", "helper", "helpers", "common"}

# What a unit (a module or package right under tssd) may import of the others.
CORE = {
    "errors": set(),
    "atomic": {"errors", "lock"},
    "earlier": set(),
    "engine": {"errors", "graph"},
    "graph": {"errors", "atomic"},
    "hub": {"errors"},
    "image_size": set(),
    "last_words": {"errors"},
    "listed": set(),
    "lock": set(),
    "longest": {"errors", "whole"},
    "npy_header": set(),
    "parameter_options": {"errors"},
    "processes": set(),
    "progress": {"errors"},
    "reading": {"errors", "yaml_text"},
    "runs": {"errors", "atomic", "earlier", "lock", "reading"},
    "signals": set(),
    "yaml_text": set(),
    "whole": {"errors"},
    "time": {"errors", "whole"},
    "tracked": set(),
    "unwrapped": set(),
    "surrogates": {"errors"},
    "norms": {"errors", "longest", "time"},
    "neurons": {"errors", "whole", "longest", "time", "surrogates"},
    "models": {"errors", "whole", "image_size", "time", "surrogates", "norms", "neurons"},
    "interop": {"errors", "reading", "unwrapped", "norms", "neurons", "models"},
    "objectives": {
        "errors",
        "listed",
        "whole",
        "time",
        "longest",
        "surrogates",
        "norms",
        "neurons",
        "models",
    },  # fmt: skip
    "rules": {"errors", "whole", "time", "surrogates", "neurons", "models", "objectives"},
    "data": {
        "errors",
        "atomic",
        "events",
        "image_size",
        "listed",
        "lock",
        "npy_header",
        "processes",
        "tracked",
    },
    "events": {"errors", "atomic", "listed", "lock", "npy_header", "processes", "tracked"},
    "simulate": {"errors", "atomic", "lock", "processes", "tracked", "events", "data"},
}
# What the other units may never import.
FORBIDDEN = {
    "adapters": {"objectives", "training", "config", "reopened", "cli"},
    "bench": {"fitting", "many_runs", "report", "reproduce", "cli"},
    "config": {"fitting", "reopened", "taught", "cli"},
    "doctor": {"report", "reproduce", "fitting", "cli"},
    "dry_run": {"many_runs", "reopened", "report", "reproduce", "cli"},
    "evaluation": {"training", "config", "reopened", "cli"},
    "exporting": {"fitting", "many_runs", "report", "reproduce", "cli"},
    "fitting": {"cli", "many_runs", "reproduce"},
    "lowering": {"training", "config", "reopened", "exporting", "report", "reproduce", "cli"},
    "many_runs": {"dry_run", "reopened", "report", "reproduce", "cli"},
    "reopened": {"fitting", "reproduce", "cli"},
    "report": {"training", "fitting", "config", "reopened", "cli"},
    "reproduce": {"cli"},
    "sharing": {"training", "fitting", "cli"},
    "taught": {"many_runs", "dry_run", "fitting", "report", "reproduce", "cli"},
    "teachers": {"cli", "report", "reproduce", "taught"},
    "trained": {"training", "config", "reopened", "cli", "report", "reproduce"},
    "training": {"config", "fitting", "reopened", "taught", "cli"},
}

MODULES = sorted(SOURCE.rglob("*.py"))


def name(path):
    return str(path.relative_to(ROOT))


def unit(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


UNITS = {unit(path) for path in MODULES}


def imported_units(path):
    """Units of tssd that a file imports, wherever in it; "tssd" for the package's own names."""
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno}: relative import"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            modules += inside if node.module == "tssd" else [node.module]
    parts = [module.split(".") for module in modules if module and module.split(".")[0] == "tssd"]
    units = {part[1] if len(part) > 1 else "tssd" for part in parts}
    return {u if u in UNITS else "tssd" for u in units}


@functools.cache
def graph():
    """What each unit imports of the others; the package's own __init__ only re-exports."""
    edges = {}
    for path in MODULES:
        if path.parent == SOURCE and path.stem.startswith("__"):
            continue
        edges.setdefault(unit(path), set()).update(imported_units(path) - {unit(path)})
    return edges


def test_every_module_has_its_twin_test():
    missing = []
    for path in MODULES:
        if path.stem.startswith("__"):
            continue  # packages re-export, and __main__ only calls
        twin = TESTS / path.relative_to(SOURCE).with_name(f"test_{path.name}")
        if not twin.exists():
            missing.append(name(twin))
    assert not missing, f"{len(missing)} modules without a test: {', '.join(missing)}"


def test_no_file_is_long():
    files = [*MODULES, *TESTS.rglob("*.py")]
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    long = {path: n for path, n in lengths.items() if n > LONGEST}
    assert not long, f"longer than {LONGEST} lines: {long}"


def test_no_file_has_a_vague_name():
    folders = {path for path in SOURCE.rglob("*") if path.is_dir()}
    words = {path: set(path.stem.split("_")) for path in [*MODULES, *folders]}
    vague = [name(path) for path, parts in words.items() if parts & VAGUE]
    assert not vague, f"say what is in them: {vague}"


@pytest.mark.parametrize("importer", CORE)
def test_the_core_imports_only_what_stands_below(importer):
    wrong = graph()[importer] - CORE[importer]
    assert not wrong, f"tssd.{importer} imports {sorted(wrong)}, may: {sorted(CORE[importer])}"


@pytest.mark.parametrize("importer", FORBIDDEN)
def test_nothing_imports_what_stands_above(importer):
    wrong = graph().get(importer, set()) & FORBIDDEN[importer]
    assert not wrong, f"tssd.{importer} imports {sorted(wrong)}"


def test_no_unit_imports_the_package_that_reexports_it():
    # `from tssd import LIF` would hide which way an import points; the command line is on top.
    through = {importer for importer, units in graph().items() if "tssd" in units} - {"cli"}
    assert not through, f"import from the unit itself in: {sorted(through)}"


def test_imports_between_units_have_no_cycle():
    try:
        order = list(graphlib.TopologicalSorter(graph()).static_order())
    except graphlib.CycleError as error:
        pytest.fail(f"tssd's units import each other in a circle: {' <- '.join(error.args[1])}")
    assert order.index("errors") < order.index("objectives")
