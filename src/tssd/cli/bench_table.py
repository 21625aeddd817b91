"""What `tssd bench` prints: a table for each size of batches."""

from rich.table import Table

from tssd.bench.result import Bench, Cell
from tssd.bench.runtimes import BASELINE
from tssd.bench.timing import Spread
from tssd.cli.console import console
from tssd.cli.tables import plain
from tssd.report.shown_names import printable

# In one thread the clock shows CPU time, unless somebody else had the processor.
DISTURBED = 1.5


def print_bench(bench: Bench, *, title: str) -> None:
    """A row for each runtime and T, then what the numbers are, and what was not measured."""
    for batch in dict.fromkeys(cell.batch for cell in bench.cells):
        cells = [cell for cell in bench.cells if cell.batch == batch]
        print_cells(cells, title=f"{title}: batch of {batch}")
    threads = "1 thread" if bench.threads == 1 else f"{bench.threads} threads"
    print(
        f"ms: of a batch, median (quartiles) by the clock, and of CPU time; {threads}, runtimes in "
        f"turns with the same samples; speed-up: over {BASELINE}"
    )
    if bench.threads == 1 and any(
        cell.wall_ms.median > DISTURBED * cell.cpu_ms.median for cell in bench.cells
    ):
        print("other programs ran meanwhile: the clock can't be trusted here, CPU time rather")
    samples = "1 test sample" if bench.samples == 1 else f"{bench.samples} test samples"
    print(f"accuracy: each runtime's own, on {samples}")
    print(
        "µJ: of the arithmetic of a sample, estimated for 45 nm from the run's counted operations: "
        "every MAC where a runtime is dense, those of spikes where it is not"
    )
    if any(cell.memory_mib is not None for cell in bench.cells):
        print("MiB: the most memory of a process that did nothing else, libraries included")
    if bench.firing_rate:
        print(f"firing rate of the run: {bench.firing_rate[-1]:.3f} at T={len(bench.firing_rate)}")
    for name, why in bench.absent.items():
        print(printable(f"not measured: {name}: {why}"))


def print_cells(cells: list[Cell], *, title: str) -> None:
    """Runtimes below each other, T after T."""
    table = Table("T", "runtime", title=plain(title), title_justify="left")
    columns = ["ms", "CPU ms", "samples/s", "speed-up", "by CPU", "accuracy %", "µJ"]
    with_memory = any(cell.memory_mib is not None for cell in cells)
    for name in [*columns, *(["MiB"] if with_memory else [])]:
        table.add_column(name, justify="right", no_wrap=True)
    for index, cell in enumerate(cells):
        table.add_row(
            str(cell.timesteps),
            cell.runtime,
            _spread(cell.wall_ms),
            f"{cell.cpu_ms.median:.3g}",
            f"{cell.per_second:.4g}",
            _number(cell.speedup, "{:.3g}x"),
            _number(cell.cpu_speedup, "{:.3g}x"),
            f"{100 * cell.accuracy:.2f}",
            _number(cell.energy_uj, "{:.3g}"),
            *([_number(cell.memory_mib, "{:.0f}")] if with_memory else []),
            end_section=cell.timesteps != cells[min(index + 1, len(cells) - 1)].timesteps,
        )
    console().print(table)


def _spread(spread: Spread) -> str:
    return f"{spread.median:.3g} ({spread.low:.3g}-{spread.high:.3g})"


def _number(value: float | None, shown: str) -> str:
    return "-" if value is None else shown.format(value)
