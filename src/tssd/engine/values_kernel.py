"""A layer of weights whose input is real values, as the first of an image; compiled by numba."""

# numba fills in an intrinsic's first argument.
# pyright: reportCallIssue=false

from tssd.engine import listing as k
from tssd.engine.firing import compiled, fire, inlined, write_currents
from tssd.engine.packing import LANES_OF_FLOATS
from tssd.engine.row_sums import PIXELS, add_scaled_rows
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
    x, geometry, table, scale, bias, neurons, each, initial, v, spikes, currents, first_block,
    last_block, timesteps, window, sums, fresh,
):  # fmt: skip
    """As `kernels.run_layer`, of real values.

    Args:
        x: float32 [T N H W C], or [N H W C] if all timesteps are the same, with its padding; 16
            more values can be read behind it.
        timesteps: T of the neurons.
        window: room for what PIXELS pixels see at all timesteps, and 16 values more.
        sums, fresh: room for a block of each.
    """
    steps, samples, outputs = geometry[STEPS], geometry[SAMPLES], len(bias)
    size = geometry[KERNEL_ROWS] * geometry[KERNEL_COLUMNS] * geometry[CHANNELS]
    block_bytes = (size + 1) * 4 * LANES_OF_FLOATS
    columns = geometry[COLUMNS]
    everything = samples * geometry[ROWS] * columns
    fires = len(neurons) > 0
    from_initial = fires and len(v) == 0
    membranes = fresh if from_initial else v
    place = 0
    for sample in range(samples):
        for row in range(geometry[ROWS]):
            for left in range(0, columns, PIXELS):
                for t in range(steps):
                    for p in range(PIXELS):
                        # Beyond the last column it is computed once more, and not written.
                        column, at = min(left + p, columns - 1), (t * PIXELS + p) * size
                        copy_window(x, geometry, t * samples + sample, row, column, window, at)
                pixels = min(PIXELS, columns - left)
                for block in range(first_block, last_block):
                    first = block * LANES_OF_FLOATS
                    last = min(first + LANES_OF_FLOATS, outputs)
                    if from_initial:
                        for p in range(pixels):
                            copy_floats(initial, first, LANES_OF_FLOATS, fresh, p * LANES_OF_FLOATS)
                    target = place * outputs + first
                    for t in range(timesteps):
                        if t < steps:
                            begin = t * PIXELS * size
                            add_scaled_rows(table, block * block_bytes, window, begin, size, sums)
                        for p in range(pixels):
                            sum_at, at = p * LANES_OF_FLOATS, (place + p) * outputs + first
                            if fires:
                                fire(
                                    sums, sum_at, scale, bias, first, last - first, neurons,
                                    0 if each == 1 else first, each, membranes,
                                    sum_at if from_initial else at, spikes, target + p * outputs, 0,
                                )  # fmt: skip
                            else:
                                write_currents(
                                    sums, sum_at, scale, bias, first, last, currents,
                                    target + p * outputs,
                                )  # fmt: skip
                        target += everything * outputs
                place += pixels
