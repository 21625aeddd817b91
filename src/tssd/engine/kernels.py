"""A layer of weights and neurons, event by event, compiled for this processor by numba.

For each output pixel the rows of weights that its events ask for are listed once. Then blocks of
outputs take turns, the outermost loop but for pieces of the list, so that a block's rows stay in
the cache over all pixels, samples and timesteps; the neurons run where the sums are made.
"""

# numba fills in an intrinsic's first argument.
# pyright: reportCallIssue=false

import numpy as np

from tssd.engine import listing as g
from tssd.engine.firing import compiled, fire, inlined, write_currents
from tssd.engine.listing import (
    cost_of_a_list,
    count_events,
    find_events,
    find_patterns,
    list_rows,
    rows_an_event,
    timesteps_together,
)
from tssd.engine.packing import LANES, LANES_OF_FLOATS, LINE
from tssd.engine.row_sums import (
    TOGETHER,
    add_pattern_float,
    add_pattern_int7,
    add_pattern_int8,
    add_rows_float,
    add_rows_int7,
    add_rows_int8,
)
from tssd.engine.vectors import copy_floats, pass_over, scale_by

# Names of this module, which numba takes for constants.
STEPS, SAMPLES, HEIGHT, WIDTH, CHANNELS = g.STEPS, g.SAMPLES, g.HEIGHT, g.WIDTH, g.CHANNELS
ROWS, COLUMNS, KERNEL_ROWS, KERNEL_COLUMNS = g.ROWS, g.COLUMNS, g.KERNEL_ROWS, g.KERNEL_COLUMNS
STRIDE_ROWS, STRIDE_COLUMNS, UP, LEFT = g.STRIDE_ROWS, g.STRIDE_COLUMNS, g.UP, g.LEFT
DOWN_BY, RIGHT_BY, PLANES, REPEATS = g.DOWN_BY, g.RIGHT_BY, g.PLANES, g.REPEATS
BITS, WITHIN_INT16 = g.BITS, g.WITHIN_INT16


@inlined
def find_lists(counts, geometry, row_bytes, blocks, events, begins, lists, most):
    """List a layer's events.

    TOGETHER timesteps after the other; of each the planes, the highest first; of each its timesteps
    or their patterns.

    Args:
        counts, events, begins: as `find_events`.
        blocks: of outputs, which add up the lists.
        lists: filled, as `run_layer`.
        most: as soon as there are more it stops.
    Returns: planes that were listed; 0 if there are more than `most`.
    """
    found, together, patterns, stops, by = lists
    steps, planes, repeats = geometry[STEPS], geometry[PLANES], 1
    for plane in range(planes):
        together[plane] = 1
    spared, twos, total = 0.0, 0, 0
    lines = row_bytes // LINE
    if steps > 1:
        for plane in range(planes):
            bit = planes - 1 - plane
            count_events(counts, geometry, bit, found)
            together[plane], less = timesteps_together(geometry, found, lines, blocks)
            spared += less
            total += found[0]
            if bit == 1:
                twos = found[0]
        if total > most:
            return 0
    if geometry[REPEATS] > 1:
        # A plane a bit has fewer rows, but each is a list more, and lasting events spare others.
        more = twos * rows_an_event(geometry) * lines
        if steps == 1 or (planes - 1) * steps * cost_of_a_list(blocks) - more > spared:
            planes, repeats, together[0] = 1, geometry[REPEATS], 1
    n, number, part = 0, 0, 0
    for start in range(0, steps, TOGETHER):
        count = min(TOGETHER, steps - start)
        for plane in range(planes):
            bit = planes - 1 - plane
            for t in range(0, count, together[plane]):
                size = min(together[plane], count - t)
                if size == 1:
                    n = find_events(
                        counts, geometry, row_bytes, start + t, bit, repeats, events, n, begins,
                        number,
                    )  # fmt: skip
                else:
                    n = find_patterns(
                        counts, geometry, row_bytes, start + t, size, bit, events, n, begins,
                        number, by,
                    )  # fmt: skip
                for pattern in range(1, 2**size):
                    patterns[number] = pattern << t
                    number += 1
            stops[part] = number
            part += 1
            if n > most:
                return 0
    return planes


@inlined
def add_up(bits, within, table, base, rows, start, stop, factor, sums, at):
    """Sums = factor * sums + rows of a list, of one block of outputs and one timestep."""
    if bits == 0:
        add_rows_float(table, base, rows, start, stop, factor, sums, at)
        return
    while True:
        last = min(start + within, stop)
        if bits == 7:
            add_rows_int7(table, base, rows, start, last, factor, sums, at)
        else:
            add_rows_int8(table, base, rows, start, last, factor, sums, at)
        start = last
        if start >= stop:
            return
        factor = np.float32(1)


@inlined
def add_up_pattern(bits, within, table, base, rows, start, stop, pattern, sums):
    """Sums += rows of a list, of one block of outputs and the timesteps of a pattern."""
    if bits == 0:
        add_pattern_float(table, base, rows, start, stop, pattern, sums)
        return
    while start < stop:
        last = min(start + within, stop)
        if bits == 7:
            add_pattern_int7(table, base, rows, start, last, pattern, sums)
        else:
            add_pattern_int8(table, base, rows, start, last, pattern, sums)
        start = last


@compiled
def run_layer(
    counts, geometry, table, scale, bias, neurons, each, initial, v, spikes, currents,
    first_block, last_block, most, events, begins, rows, ends, sums, fresh, lists,
):  # fmt: skip
    """A layer of weights, and its neurons if there are any. All arrays have one axis.

    Args:
        counts: its input, uint8 [T N H W C], and 64 more unless C is a multiple of 64.
        table: rows of each block of outputs, uint8, a row of zeros behind each block's.
        scale, bias: of each output [O].
        neurons: decay, threshold, keep, after, `each` numbers of each kind: one if all outputs
            have the same neurons; empty: the currents are wanted.
        initial: membranes at first [O], used where v is empty.
        v: membranes [N pixels O], replaced; empty: they begin at `initial` and are not kept.
        spikes: filled, uint8 [T N pixels O].
        currents: or filled, float32 [T N pixels O].
        first_block, last_block: which outputs to do; the last is not one of them.
        most: events beyond which it is left to others.
        events, begins, rows, ends, sums, fresh: room to work in; sums are finite.
        lists: room for: events that were counted; of how many timesteps a plane's are listed
            together; each list's pattern; where lists of TOGETHER timesteps and a plane stop; what
            `find_patterns` takes.
    Returns: whether there were no more than `most` events; else nothing was done.
    """
    steps, samples = geometry[STEPS], geometry[SAMPLES]
    lines, columns = geometry[ROWS], geometry[COLUMNS]
    bits, within = geometry[BITS], geometry[WITHIN_INT16]
    pixels, outputs = lines * columns, len(bias)
    kernel = geometry[KERNEL_ROWS], geometry[KERNEL_COLUMNS]
    dilation = geometry[DOWN_BY], geometry[RIGHT_BY]
    height, width = geometry[HEIGHT], geometry[WIDTH]
    lanes = LANES if bits else LANES_OF_FLOATS
    row_bytes = LANES if bits else 4 * LANES_OF_FLOATS
    channel_bytes = geometry[CHANNELS] * row_bytes
    window = kernel[0] * kernel[1] * geometry[CHANNELS]
    block_bytes = (window + 1) * row_bytes
    # Of the layer, not of this thread, so that a sum's order is that of one thread.
    blocks = (outputs + lanes - 1) // lanes
    planes = find_lists(counts, geometry, row_bytes, blocks, events, begins, lists, most)
    if planes == 0:
        return False
    _, together, patterns, stops, _ = lists
    number_of_lists = stops[(steps + TOGETHER - 1) // TOGETHER * planes - 1]
    largest = max(geometry[PLANES], geometry[REPEATS])
    longest = steps * (largest * window + 2 * geometry[PLANES] * LANES)
    fires = len(neurons) > 0
    from_initial = fires and len(v) == 0
    membranes = fresh if from_initial else v
    done, everything = 0, samples * pixels
    sample, row, column = 0, 0, 0
    top, left = -geometry[UP], -geometry[LEFT]
    ends[0] = 0
    while done < everything:
        stop, n, slot = done, 0, 0
        while stop < everything and n + longest <= len(rows):
            line = sample * height
            for _ in range(number_of_lists):
                n = list_rows(
                    height, width, channel_bytes, kernel, dilation, events, begins, line, top, left,
                    rows, n,
                )  # fmt: skip
                line += samples * height
                slot += 1
                ends[slot] = n
            stop += 1
            column += 1
            left += geometry[STRIDE_COLUMNS]
            if column == columns:
                column, left = 0, -geometry[LEFT]
                row += 1
                top += geometry[STRIDE_ROWS]
                if row == lines:
                    row, top = 0, -geometry[UP]
                    sample += 1
        for block in range(first_block, last_block):
            first = block * lanes
            last = min(first + lanes, outputs)
            base = block * block_bytes
            # Unless few of its rows are wanted.
            if 2 * n > window:
                pass_over(table, base, block_bytes)
            slot = 0
            for place in range(done, stop):
                at = place * outputs + first
                target = at
                if from_initial:
                    copy_floats(initial, first, lanes, fresh, 0)
                part, number = 0, 0
                for start in range(0, steps, TOGETHER):
                    count = min(TOGETHER, steps - start)
                    for plane in range(planes):
                        factor = np.float32(0 if plane == 0 else 2)
                        if together[plane] == 1:
                            for t in range(count):
                                add_up(
                                    bits, within, table, base, rows, ends[slot], ends[slot + 1],
                                    factor, sums, t * LANES,
                                )  # fmt: skip
                                slot += 1
                            number = stops[part]
                        else:
                            scale_by(sums, count * LANES, factor)
                            while number < stops[part]:
                                add_up_pattern(
                                    bits, within, table, base, rows, ends[slot], ends[slot + 1],
                                    patterns[number], sums,
                                )  # fmt: skip
                                slot += 1
                                number += 1
                        part += 1
                    for t in range(count):
                        if fires:
                            fire(
                                sums, t * LANES, scale, bias, first, last - first, neurons,
                                0 if each == 1 else first, each, membranes,
                                0 if from_initial else at, spikes, target, 0,
                            )  # fmt: skip
                        else:
                            write_currents(
                                sums, t * LANES, scale, bias, first, last, currents, target
                            )
                        target += everything * outputs
        done = stop
    return True
