"""A layer of weights and neurons, event by event, compiled for this processor by numba.

For each output pixel the rows of weights that its events ask for are listed once. Then blocks of
outputs take turns, the outermost loop but for pieces of the list, so that a block's rows stay in
the cache over all pixels, samples and timesteps; the neurons run where the sums are made.

numba looks at this file only to see whether the code that it keeps on disk is still the same: who
changes `vectors` or `row_sums` saves this file too.
"""

# numba fills in an intrinsic's first argument.
# pyright: reportCallIssue=false

import numpy as np

from tssd.engine.firing import compiled, fire, inlined, write_currents
from tssd.engine.packing import LANES, LANES_OF_FLOATS
from tssd.engine.row_sums import UNROLL, add_rows_float, add_rows_int7, add_rows_int8
from tssd.engine.vectors import bits_of_64, copy_floats, copy_shifted, lowest_bit, pass_over

# Entries of a layer's geometry, in order.
(STEPS, SAMPLES, HEIGHT, WIDTH, CHANNELS, ROWS, COLUMNS, KERNEL_ROWS, KERNEL_COLUMNS, STRIDE_ROWS,
 STRIDE_COLUMNS, UP, LEFT, DOWN_BY, RIGHT_BY, PLANES, BITS, WITHIN_INT16) = range(18)  # fmt: skip


@inlined
def find_events(counts, geometry, row_bytes, events, begins, most):
    """List events, row after row of pixels: (column * C + channel) * row_bytes.

    A count's bits are planes, each with a list of its own, the highest first.

    Args:
        counts: uint8 [T * N * H * W * C].
        events: filled, uint32.
        begins: filled: where each pixel's begin, int64 [planes * T * N * H * (W + 1)].
        most: as soon as there are more it stops.
    Returns: whether there are no more than `most`.
    """
    channels, planes, width = geometry[CHANNELS], geometry[PLANES], geometry[WIDTH]
    in_words = channels // LANES * LANES
    n, pixel = 0, 0
    for plane in range(planes):
        bit = planes - 1 - plane
        at = 0
        for _ in range(geometry[STEPS] * geometry[SAMPLES] * geometry[HEIGHT]):
            for column in range(width):
                begins[pixel] = n
                pixel += 1
                event = column * channels * row_bytes
                for k in range(0, in_words, LANES):
                    bits = bits_of_64(counts, at + k, bit)
                    first = event + k * row_bytes
                    while bits != 0:
                        events[n] = first + lowest_bit(bits) * row_bytes
                        n += 1
                        bits &= bits - np.uint64(1)
                for k in range(in_words, channels):
                    # Written always, kept if there is one: no branch to guess wrong.
                    events[n] = event + k * row_bytes
                    n += (counts[at + k] >> bit) & 1
                at += channels
            begins[pixel] = n
            pixel += 1
            if n > most:
                return False
    return True


@inlined
def list_rows(
    height, width, channel_bytes, kernel, dilation, events, begins, line, top, left, rows, n
):
    """Append the rows of weights that one output pixel's events ask for; the list's new end.

    It is filled up with the row of zeros behind all others.

    Args:
        height, width: of the input.
        channel_bytes: of the rows of a pixel's channels.
        kernel, dilation: rows, columns.
        line: the image's first one in `begins`.
        top, left: the window's first row and column.
    """
    kernel_rows, kernel_columns = kernel
    down, right = dilation
    # Neighbouring columns are neighbours in the list.
    span = kernel_columns if right == 1 else 1
    pixels = width + 1
    j, column = 0, left
    while j < kernel_columns:
        start, stop = max(column, 0), min(column + span, width)
        if start < stop:
            y, at = top, (line + top) * pixels
            shift = (j - column) * channel_bytes
            for _ in range(kernel_rows):
                if 0 <= y < height:
                    first = begins[at + start]
                    count = begins[at + stop] - first
                    copy_shifted(events, first, count, shift, rows, n)
                    n += count
                y += down
                at += down * pixels
                shift += kernel_columns * channel_bytes
        j += span
        column += span * right
    none = kernel_rows * kernel_columns * channel_bytes
    for k in range(UNROLL - 1):
        rows[n + k] = none
    return (n + UNROLL - 1) // UNROLL * UNROLL


@inlined
def add_up(planes, bits, within, table, base, rows, ends, slot, sums):
    """Sums of the listed rows of one block of outputs, as float32."""
    for plane in range(planes):
        start, stop = ends[slot + plane], ends[slot + plane + 1]
        factor = np.float32(0 if plane == 0 else 2)
        if bits == 0:
            add_rows_float(table, base, rows, start, stop, factor, sums)
            continue
        while True:
            last = min(start + within, stop)
            if bits == 7:
                add_rows_int7(table, base, rows, start, last, factor, sums)
            else:
                add_rows_int8(table, base, rows, start, last, factor, sums)
            start = last
            if start >= stop:
                break
            factor = np.float32(1)


@compiled
def run_layer(
    counts, geometry, table, scale, bias, neurons, uniform, initial, v, spikes, currents,
    first_block, last_block, most, events, begins, rows, ends, sums, fresh,
):  # fmt: skip
    """A layer of weights, and its neurons if there are any. All arrays have one axis.

    Args:
        counts: its input, uint8 [T N H W C].
        table: rows of each block of outputs, uint8, a row of zeros behind each block's.
        scale, bias: of each output [O].
        neurons: decay, threshold, keep, after, once if they are uniform, else of each output;
            empty: the currents are wanted.
        uniform: whether all outputs have the same neurons.
        initial: membranes at first [O], used where v is empty.
        v: membranes [N pixels O], replaced; empty: they begin at `initial` and are not kept.
        spikes: filled, uint8 [T N pixels O].
        currents: or filled, float32 [T N pixels O].
        first_block, last_block: which outputs to do; the last is not one of them.
        most: events beyond which it is left to others.
        events, begins, rows, ends, sums, fresh: room to work in; sums are finite.
    Returns: whether there were no more than `most` events; else nothing was done.
    """
    steps, samples, planes = geometry[STEPS], geometry[SAMPLES], geometry[PLANES]
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
    if not find_events(counts, geometry, row_bytes, events, begins, most):
        return False
    plane_lines = steps * samples * height
    longest = steps * planes * (window + 2 * LANES)
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
            for t in range(steps):
                line = (t * samples + sample) * height
                for _ in range(planes):
                    n = list_rows(
                        height, width, channel_bytes, kernel, dilation, events, begins, line, top,
                        left, rows, n,
                    )  # fmt: skip
                    line += plane_lines
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
                for _ in range(steps):
                    add_up(planes, bits, within, table, base, rows, ends, slot, sums)
                    slot += planes
                    if fires:
                        fire(
                            sums, 0, scale, bias, first, last, outputs, neurons, uniform,
                            membranes, 0 if from_initial else at, spikes, target,
                        )  # fmt: skip
                    else:
                        write_currents(sums, 0, scale, bias, first, last, currents, target)
                    target += everything * outputs
        done = stop
    return True
