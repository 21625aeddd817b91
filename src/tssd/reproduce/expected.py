"""What the paper reports for a recipe, by the plans of its tables and figures."""

from tssd.config.compose import composition_of
from tssd.reproduce.plan_file import load_plan, plan_names


def expected(recipe: str) -> list[str]:
    """The paper's numbers, one line for each T and setting; [] where it reports none.

    >>> expected("cifar10+resnet18+ssd")
    ['93.14 ± 0.14 % at T = 2 (table1)']

    Args:
        recipe: a composed name or an alias.
    """
    wanted = composition_of(recipe)
    found: dict[tuple[str, float, int], dict[str, float | None]] = {}
    # Other plans show the numbers of these again.
    plans = [n for kind in ("table", "figure") for n in plan_names() if n.startswith(kind)]
    for name in plans:
        for cell in load_plan(name).cells:
            variant = cell.runs.get("paper")
            if variant is None or cell.paper is None or composition_of(variant.recipe) != wanted:
                continue
            options = variant.words.removeprefix(variant.recipe)
            found.setdefault((options, cell.paper, cell.at), {})[name] = cell.std
    lines = []
    for (options, mean, at), stds in sorted(found.items()):
        std = next((f" ± {std:.2f}" for std in stds.values() if std is not None), "")
        given = f" with{options}" if options else ""
        lines.append(f"{mean:.2f}{std} % at T = {at}{given} ({', '.join(stds)})")
    return lines
