"""A layer of weights whose input is real values, as the first of an image; compiled by numba."""

# numba fills in an intrinsic's first argument.
# pyright: reportCallIssue=false

from tssd.engine import listing as k
from tssd.engine.firing import compiled, fire, write_currents
from tssd.engine.packing import LANES_OF_FLOATS
from tssd.engine.row_sums import PIXELS, add_scaled_rows
from tssd.engine.vectors import copy_floats

# Names of this module, which numba takes for constants.
STEPS, SAMPLES, HEIGHT, WIDTH, CHANNELS = k.STEPS, k.SAMPLES, k.HEIGHT, k.WIDTH, k.CHANNELS
ROWS, COLUMNS, KERNEL_ROWS, KERNEL_COLUMNS = k.ROWS, k.COLUMNS, k.KERNEL_ROWS, k.KERNEL_COLUMNS
STRIDE_ROWS, STRIDE_COLUMNS, DOWN_BY, RIGHT_BY = (
    k.STRIDE_ROWS, k.STRIDE_COLUMNS, k.DOWN_BY, k.RIGHT_BY,
)  # fmt: skip


@compiled
def run_values(
    x, geometry, table, scale, bias, neurons, each, initial, v, spikes, currents, first_block,
    last_block, timesteps, sums, fresh,
):  # fmt: skip
    """As `kernels.run_layer`, of real values.

    Args:
        x: float32 [T N H W C], or [N H W C] if all timesteps are the same, with its padding.
        timesteps: T of the neurons.
        sums, fresh: room for a block of each.
    """
    steps, samples, outputs = geometry[STEPS], geometry[SAMPLES], len(bias)
    channels, columns = geometry[CHANNELS], geometry[COLUMNS]
    size = geometry[KERNEL_ROWS] * geometry[KERNEL_COLUMNS] * channels
    block_bytes = (size + 1) * 4 * LANES_OF_FLOATS
    line = geometry[WIDTH] * channels
    # Columns side by side are neighbours in memory.
    side = geometry[KERNEL_COLUMNS] if geometry[RIGHT_BY] == 1 else 1
    kernel = geometry[KERNEL_ROWS], geometry[KERNEL_COLUMNS] // side, side * channels
    onward = geometry[STRIDE_COLUMNS] * channels
    each_step = geometry[DOWN_BY] * line, geometry[RIGHT_BY] * channels, onward
    everything = samples * geometry[ROWS] * columns
    fires = len(neurons) > 0
    from_initial = fires and len(v) == 0
    membranes = fresh if from_initial else v
    place = 0
    for sample in range(samples):
        for row in range(geometry[ROWS]):
            for left in range(0, columns, PIXELS):
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
                            y = (t * samples + sample) * geometry[HEIGHT]
                            y += row * geometry[STRIDE_ROWS]
                            add_scaled_rows(
                                table, block * block_bytes, x, y * line + left * onward, kernel,
                                each_step, pixels, sums,
                            )  # fmt: skip
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
