"""A layer of weights whose input is real values, as the first of an image; compiled by numba."""

# numba fills in an intrinsic's first argument.
# pyright: reportCallIssue=false

from tssd.engine import kernels as k
from tssd.engine.firing import compiled, fire, inlined, write_currents
from tssd.engine.packing import LANES_OF_FLOATS
from tssd.engine.row_sums import add_scaled_rows
from tssd.engine.vectors import copy_floats

# Names of this module, which numba takes for constants.
STEPS, SAMPLES, HEIGHT, WIDTH, CHANNELS = k.STEPS, k.SAMPLES, k.HEIGHT, k.WIDTH, k.CHANNELS
ROWS, COLUMNS, KERNEL_ROWS, KERNEL_COLUMNS = k.ROWS, k.COLUMNS, k.KERNEL_ROWS, k.KERNEL_COLUMNS
STRIDE_ROWS, STRIDE_COLUMNS, DOWN_BY, RIGHT_BY = (
    k.STRIDE_ROWS, k.STRIDE_COLUMNS, k.DOWN_BY, k.RIGHT_BY,
)  # fmt: skip


@inlined
def copy_window(x, geometry, image, row, column, window, at):
    """What one output pixel sees, in the order of the rows of weights; the input is padded."""
    channels = geometry[CHANNELS]
    # Neighbouring columns are neighbours in memory.
    span = geometry[KERNEL_COLUMNS] if geometry[RIGHT_BY] == 1 else 1
    left = column * geometry[STRIDE_COLUMNS]
    for i in range(geometry[KERNEL_ROWS]):
        y = image * geometry[HEIGHT] + row * geometry[STRIDE_ROWS] + i * geometry[DOWN_BY]
        for j in range(0, geometry[KERNEL_COLUMNS], span):
            first = (y * geometry[WIDTH] + left + j * geometry[RIGHT_BY]) * channels
            copy_floats(x, first, span * channels, window, at)
            at += span * channels


@compiled
def run_values(
    x, geometry, table, scale, bias, neurons, uniform, initial, v, spikes, currents, first_block,
    last_block, timesteps, window, sums, fresh,
):  # fmt: skip
    """As `kernels.run_layer`, of real values.

    Args:
        x: float32 [T N H W C], or [N H W C] if all timesteps are the same, with its padding; 16
            more values can be read behind it.
        timesteps: T of the neurons.
        window: room for what a pixel sees at all timesteps, and 16 values more.
    """
    steps, samples, outputs = geometry[STEPS], geometry[SAMPLES], len(bias)
    size = geometry[KERNEL_ROWS] * geometry[KERNEL_COLUMNS] * geometry[CHANNELS]
    block_bytes = (size + 1) * 4 * LANES_OF_FLOATS
    everything = samples * geometry[ROWS] * geometry[COLUMNS]
    fires = len(neurons) > 0
    from_initial = fires and len(v) == 0
    membranes = fresh if from_initial else v
    place = 0
    for sample in range(samples):
        for row in range(geometry[ROWS]):
            for column in range(geometry[COLUMNS]):
                for t in range(steps):
                    copy_window(x, geometry, t * samples + sample, row, column, window, t * size)
                for block in range(first_block, last_block):
                    first = block * LANES_OF_FLOATS
                    last = min(first + LANES_OF_FLOATS, outputs)
                    at = place * outputs + first
                    if from_initial:
                        copy_floats(initial, first, LANES_OF_FLOATS, fresh, 0)
                    target = at
                    for t in range(timesteps):
                        if t < steps:
                            base = block * block_bytes
                            add_scaled_rows(table, base, window, t * size, size, sums)
                        if fires:
                            fire(
                                sums, 0, scale, bias, first, last, outputs, neurons, uniform,
                                membranes, 0 if from_initial else at, spikes, target,
                            )  # fmt: skip
                        else:
                            write_currents(sums, scale, bias, first, last, currents, target)
                        target += everything * outputs
                place += 1
