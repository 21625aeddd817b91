"""`tssd reproduce`: a table or figure of the paper, from nothing to ours beside the paper's."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tssd.cli.console import console
from tssd.cli.many_runs import recalibrate_and_tell, train_and_tell
from tssd.cli.parser import MOST_SEED, CommandParser, Override, at_least, not_empty, whole_numbers
from tssd.dry_run.estimate import duration, in_gib
from tssd.dry_run.shapes import DataShape
from tssd.errors import DataError, TssdError, UsageError
from tssd.many_runs import Failure, RunFailedError
from tssd.report.shown_names import in_markdown
from tssd.reproduce.as_planned import otherwise_trained
from tssd.reproduce.costs import Cost, costs, shapes_of
from tssd.reproduce.counted import Collected, collect, shared_epoch, with_seeds
from tssd.reproduce.earlier_table import known_earlier, refuse_others
from tssd.reproduce.outcome import write_outcome
from tssd.reproduce.plan import SCALES, Cell, Plan, Scale, Variant
from tssd.reproduce.plan_file import load_plan, plan_names, variant_names
from tssd.reproduce.runs import Run, plan_runs, read, trained_options
from tssd.reproduce.table import Table
from tssd.runs.evaluation import PerT
from tssd.runs.folder_place import refuse_name
from tssd.runs.results import Epoch

EPILOG = """What is trained already is not trained again; an interrupted run continues. Names that
share an --output share their runs. Without a NAME, the names are listed.

examples:
  tssd reproduce table1 --dry-run
  tssd reproduce table1 --scale small --jobs 2
  tssd reproduce table1 --scale small --datasets N-MNIST --seeds 0,1,2,3,4
  tssd reproduce controls --scale small --columns "VGG-9, T_s = 1" --seeds 0,1,2,3,4,5
  tssd reproduce long --scale small --columns "1,000 images" --rows TSSD --rows control
  tssd reproduce controls --scale small --seeds 0,1,2,3 --earlier controls-runs.jsonl
  tssd reproduce theory --datasets digits"""


def run(words: list[str]) -> int:
    """Plan, estimate, train what is missing, and put the table together."""
    parser = _parser()
    args, overrides = parser.parse_with_recipe(words)
    if args.help:
        parser.print_help()
        return 0
    if args.name is None:
        for name in plan_names():
            print(f"{name:<12} {load_plan(name).title}")
        return 0
    if any(name == "seed" for name, _ in overrides):
        raise UsageError("--seed: a reproduction has several; give --seeds 0,1,2")
    plan, scale = load_plan(args.name), args.scale
    datasets = tuple(name.strip() for text in args.datasets for name in text.split(","))
    cells = plan.at_scale(scale, datasets, tuple(args.columns), tuple(args.rows))
    seeds = whole_numbers("seeds", args.seeds, least=0, most=MOST_SEED)
    output = Path(args.output or f"runs/reproduce/{plan.name}-{scale}")
    refuse_name(output)
    variants = plan.variants(cells, scale)
    runs = plan_runs(variants, seeds, output)
    head = (
        f"{plan.name}: {plan.title} ({scale} scale): {len(cells)} cells, {len(variants)} networks"
    )
    print(f"{head} x {len(seeds)} seeds = {len(runs)} runs into {output}")
    options = trained_options(overrides)
    given_epoch: Epoch | None = args.epoch or plan.epoch[scale]
    earlier, plainly = known_earlier(plan, cells, runs, list(map(Path, args.earlier)), scale)
    refuse_others([*earlier.values(), *plainly.values()], given_epoch, options)
    own = [run for run in runs if run not in earlier]
    failed: dict[Run, str] = {}
    absent: dict[Run, str] = {}
    if (args.dry_run or not args.only_finished) and (own or not earlier):
        missing = prepare(plan, cells, own, args, overrides)
        absent = {run: f"not run: {why}" for run, why in missing.items()}
    if args.dry_run:
        return 0
    if not args.only_finished:
        failed = train([run for run in own if run not in absent], overrides, args.jobs)
    elif others := otherwise_trained(own, overrides):  # which training refuses
        notes = [*plan.text["notes"], *map(in_markdown, others)]
        plan = replace(plan, text={**plan.text, "notes": notes})
    earlier |= {
        run: record for run, record in plainly.items() if run not in failed and not run.is_finished
    }
    collected = collect(runs, output, failed | absent, variant_names(scale), earlier, options)
    if args.only_finished and not earlier and not any(collected.finished.values()):
        raise DataError(f"{output}: none of the {len(runs)} runs of {plan.name} is finished")
    epoch = given_epoch or shared_epoch(collected.finished, earlier.values())
    collected = recalibrate(cells, scale, runs, collected, overrides=overrides, epoch=epoch)
    table = Table.of(plan, cells, collected, scale=scale, seeds=seeds, epoch=epoch)
    print(write_outcome(table, collected, runs, output, overrides=overrides))
    print(f"written: {output}/{plan.name}*.{{csv,json,md,png,svg}}")
    return 1 if failed else 0


def prepare(
    plan: Plan,
    cells: Sequence[Cell],
    runs: Sequence[Run],
    args: Namespace,
    overrides: Sequence[Override],
) -> dict[Run, str]:
    """Print what will be trained and what it will cost; the runs whose data is not here, and why.

    Raises: UsageError: a wrong option. DataError: nothing to train with is here.
    """
    variants = list(dict.fromkeys(run.variant for run in runs))
    configs = {variant: read(variant, overrides) for variant in variants}
    shapes = shapes_of(configs)
    present = [run for run in runs if not shapes[run.variant].absent]
    missing = [run for run in present if not run.is_finished]
    # Before training only what will be trained is measured.
    asked = dict.fromkeys(run.variant for run in (runs if args.dry_run else missing))
    found: Mapping[Variant, Cost] = {}
    if not args.no_probe:
        own = {variant: configs[variant] for variant in asked}
        found = costs(own, shapes, jobs=args.jobs, about=_about)
    counted = runs if args.dry_run else missing
    print_plan(variants, counted, shapes=shapes, found=found, jobs=args.jobs)
    if count := sum(bool(cost.needs and cost.needs.untrained) for cost in found.values()):
        print(
            f"{count} of the networks have a teacher that is trained before, which the estimate "
            "leaves out"
        )
    again = {cell.runs.get(args.scale) for cell in cells if cell.recalibrated}
    if count := len(again.intersection(variants)):
        print(
            f"{count} of the networks are evaluated again at every T after training, with "
            "batch norm recalibrated, which the estimate leaves out"
        )
    # The first part of section 3.5 needs no network.
    if not args.dry_run and not present and plan.kind != "theory":
        reasons = dict.fromkeys(shape.absent for shape in shapes.values())
        raise DataError(f"{plan.name}: none of its data is here: {'; '.join(reasons)}")
    return {run: shapes[run.variant].absent for run in runs if run not in present}


def recalibrate(
    cells: Sequence[Cell],
    scale: Scale,
    runs: Sequence[Run],
    collected: Collected,
    *,
    overrides: Sequence[Override],
    epoch: Epoch,
) -> Collected:
    """What was collected with what the recalibrated cells show, measured where it is missing.

    A run that cannot be recalibrated, say because its data has gone, is listed as not counted.
    """
    wanted = {cell.runs[scale] for cell in cells if cell.recalibrated}
    found: dict[tuple[Variant, int], PerT] = {}
    listed = list(collected.listed)
    plainly: dict[Variant, list[int]] = {}
    for run, record in collected.earlier.items():
        if run.variant in wanted and not record.recalibrated:
            plainly.setdefault(run.variant, []).append(run.seed)
    listed += [
        f"{with_seeds(variant.words, seeds)}, recalibrated: not in --earlier"
        for variant, seeds in plainly.items()
    ]
    for run in runs:
        counted = (own.seed for own in collected.finished.get(run.variant, ()))
        if run.variant not in wanted or run.seed not in counted:
            continue
        try:
            measured = recalibrate_and_tell([run.folder], overrides, epoch=epoch)
            found[run.variant, run.seed] = measured[run.folder].accuracy
        except TssdError as error:
            text = str(error).removeprefix(f"{run.folder}: ")
            listed.append(f"{run.variant.words}, seed {run.seed}, recalibrated: {text}")
    return replace(collected, listed=listed, recalibrated=found)


def train(runs: Sequence[Run], overrides: Sequence[Override], jobs: int) -> dict[Run, str]:
    """Train what is missing; a run that fails does not keep the others from going on.

    Returns why runs have failed. Raises: RunFailedError: by a wrong option, which is wrong for all.
        UsageError: the folder holds runs with other options. KeyboardInterrupt: Ctrl-C.
    """

    def failed(failure: Failure) -> None:
        if failure.exit_code == UsageError.exit_code:
            raise RunFailedError(failure)
        print(f"failed: {failure.message}", flush=True)

    planned = {run.planned(overrides): run for run in runs}
    outcomes = train_and_tell(list(planned), jobs, failed=failed)
    return {
        planned[run]: outcome.message.removeprefix(f"{run.folder}: ")
        for run, outcome in outcomes.items()
        if isinstance(outcome, Failure)
    }


def print_plan(
    variants: Sequence[Variant],
    runs: Sequence[Run],
    *,
    shapes: Mapping[Variant, DataShape],
    found: Mapping[Variant, Cost],
    jobs: int,
) -> None:
    """A line per network with its time and memory, then the sum."""
    width = max(len(variant.words) for variant in variants)
    total, unknown = 0.0, False
    for variant in variants:
        own = [run for run in runs if run.variant == variant]
        seeds = ",".join(str(run.seed) for run in own)
        parts = [f"seeds {seeds}" if own else "trained already"]
        if shapes[variant].absent:
            parts = [f"{parts[0]}, no data" if own else "no data"]
        if cost := found.get(variant):
            parts.append(_in_words(cost))
            total += (cost.seconds or 0.0) * len(own)
            unknown |= cost.seconds is None
        elif own:
            unknown = True
        print(f"  {variant.words:<{width}}  {'; '.join(parts)}")
    for reason in dict.fromkeys(shape.absent for shape in shapes.values() if shape.absent):
        print(f"  no data: {reason}")
    measured = [cost.needs.measured for cost in found.values() if cost.needs]
    if measured:
        most = max(one.memory for one in measured)
        least = "at least " if unknown else ""
        print(
            f"estimate: {len(runs)} runs, {least}{duration(total / jobs)} with {jobs} side by "
            f"side, up to {in_gib(most)} a run, on {measured[0].device}; from optimisation steps "
            "on random data, loading not counted"
        )


def _in_words(cost: Cost) -> str:
    if cost.needs is None:
        return cost.note
    measured, batch = cost.needs.measured, cost.needs.data.batch_size
    text = f"{duration(cost.seconds)} each ({cost.epochs} epochs, {measured.step:.3g} s a step "
    text += f"of {batch}), {in_gib(measured.memory)}"
    return f"{text}; {cost.note}" if cost.note else text


def _about(done: int, of: int) -> None:
    out = console()
    if out.is_terminal:
        print(f"  measuring {done + 1}/{of}", end="\r", flush=True)


def _parser() -> CommandParser:
    parser = CommandParser(
        "reproduce",
        usage="NAME [--scale paper|small|mid|fast] [--seeds N,...] [--datasets NAME,...]\n"
        "                      [--columns TEXT] [--rows TEXT] [--earlier FILE] [--jobs N]\n"
        "                      [--epoch best|last] [--output FOLDER] [--dry-run]\n"
        "                      [--only-finished] [--no-probe] [--OPTION VALUE ...]",
        epilog=EPILOG,
    )
    scales: tuple[Scale, ...] = SCALES
    add = parser.add_argument
    add("name", nargs="?", metavar="NAME", help="such as table1, or a plan in a YAML file")
    add("--scale", choices=scales, default="paper", help="the paper's, or one for two CPU cores")
    add("--seeds", default="0,1,2", metavar="N,...", help="seeds of the runs (default: 0,1,2)")
    add(
        "--datasets",
        action="append",
        default=[],
        metavar="NAME,...",
        help="only these data sets of the plan",
    )
    chosen = "only {} of this name, or whose names contain it; may be given several times"
    add("--columns", action="append", default=[], metavar="TEXT", help=chosen.format("columns"))
    add("--rows", action="append", default=[], metavar="TEXT", help=chosen.format("rows"))
    add(
        "--earlier",
        action="append",
        default=[],
        metavar="FILE",
        help="a NAME-runs.jsonl: runs in it are counted and not trained; may be given several "
        "times",
    )
    add("--epoch", choices=("best", "last"), help="whose weights (default: see plan and recipes)")
    add("--jobs", type=at_least(1), default=1, metavar="N", help="runs side by side (default: 1)")
    add("--output", type=not_empty, metavar="FOLDER", help="default: runs/reproduce/NAME-SCALE")
    add("--dry-run", action="store_true", help="list the runs with their cost, and stop")
    add("--only-finished", action="store_true", help="train nothing: a table of what is finished")
    add("--no-probe", action="store_true", help="do not measure what the runs will cost")
    return parser
