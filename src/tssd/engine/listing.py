"""Events of a layer's input as lists, and the rows of weights that an output pixel's ask for.

A list holds the events of one plane of counts, either of one timestep or of one pattern: of those
that are at some of a few timesteps and not at the others. An event of a pattern is listed once, and
its row read once, for all the timesteps that it is at.
"""

# numba fills in an intrinsic's first argument.
# pyright: reportCallIssue=false

import numpy as np

from tssd.engine.firing import inlined
from tssd.engine.packing import LANES
from tssd.engine.row_sums import TOGETHER, UNROLL
from tssd.engine.vectors import copy_shifted
from tssd.engine.words import bits_of_64, lowest_bit, number_of, number_of_bits, patterns_of_64

# Entries of a layer's geometry, in order.
(STEPS, SAMPLES, HEIGHT, WIDTH, CHANNELS, ROWS, COLUMNS, KERNEL_ROWS, KERNEL_COLUMNS, STRIDE_ROWS,
 STRIDE_COLUMNS, UP, LEFT, DOWN_BY, RIGHT_BY, PLANES, REPEATS, BITS,
 WITHIN_INT16) = range(19)  # fmt: skip
# While one list more is made for an output pixel, and while a block of outputs adds it up besides
# its rows, so many lines of weights could be read; measured.
LINES_TO_LIST, LINES_TO_ADD = 28, 16
ALL = np.uint64(2**64 - 1)


@inlined
def word_of(counts, at, channels, k, bit):
    """One bit of each of a pixel's channels from k on, as many as there are in a word."""
    # Behind a pixel's last channel stands the next pixel's first, or the room behind all.
    mine = ALL >> np.uint64(max(LANES - (channels - k), 0))
    return bits_of_64(counts, at + k, bit) & mine


@inlined
def count_events(counts, geometry, bit, found):
    """Count a plane's events.

    Args:
        found: filled: events, and how many they are if those of two, or of TOGETHER timesteps, at
            the same place count once, int64 [3].
    """
    channels = geometry[CHANNELS]
    step = geometry[SAMPLES] * geometry[HEIGHT] * geometry[WIDTH] * channels
    found[:] = 0
    for start in range(0, geometry[STEPS], TOGETHER):
        last = min(start + TOGETHER, geometry[STEPS])
        for at in range(0, step, channels):
            for k in range(0, channels, LANES):
                any_of_all = np.uint64(0)
                for t in range(start, last, 2):
                    either = word_of(counts, t * step + at, channels, k, bit)
                    found[0] += number_of_bits(either)
                    if t + 1 < last:
                        other = word_of(counts, (t + 1) * step + at, channels, k, bit)
                        found[0] += number_of_bits(other)
                        either |= other
                    found[1] += number_of_bits(either)
                    any_of_all |= either
                found[2] += number_of_bits(any_of_all)


@inlined
def rows_an_event(geometry):
    """Rows that one event of the input asks for, on average: output pixels that see it."""
    pixels = geometry[SAMPLES] * geometry[HEIGHT] * geometry[WIDTH]
    return geometry[KERNEL_ROWS] * geometry[KERNEL_COLUMNS] / pixels


@inlined
def cost_of_a_list(blocks):
    """Lines of weights that could be read while an output pixel's list is made and added up."""
    return LINES_TO_ADD + LINES_TO_LIST / blocks


@inlined
def timesteps_together(geometry, found, lines_a_row, blocks):
    """Of how many timesteps a plane's events are best listed together, and what that spares.

    Args:
        found: as `count_events` fills it.
        lines_a_row: of the cache.
        blocks: of outputs, which add up the lists.
    Returns: 1, 2 or TOGETHER; lines an output pixel.
    """
    steps, lines = geometry[STEPS], rows_an_event(geometry) * lines_a_row
    best, together = 0.0, 1
    for k in range(1, 3):
        size = 2 if k == 1 else TOGETHER
        more = 0
        for start in range(0, steps, size):
            count = min(size, steps - start)
            more += 2**count - 1 - count
        spared = (found[0] - found[k]) * lines - more * cost_of_a_list(blocks)
        if spared > best:
            best, together = spared, size
    return together, best


@inlined
def list_word(bits, first, row_bytes, events, n):
    """List the events of a word of 64 channels; n behind them."""
    while bits != 0:
        events[n] = first + lowest_bit(bits) * row_bytes
        n += 1
        bits &= bits - np.uint64(1)
    return n


@inlined
def find_events(counts, geometry, row_bytes, t, bit, repeats, events, n, begins, number):
    """List a timestep's events, row after row of pixels: (column * C + channel) * row_bytes.

    Args:
        repeats: 1, or the largest count, 2 or 3, if counts are listed as often as they count and
            the bit is 0.
        counts: uint8 [T * N * H * W * C], and 64 more unless C is a multiple of 64.
        events: filled from n on, uint32.
        begins: filled: where each pixel's begin, int64 [lists * N * H * (W + 1)].
        number: of the list.
    Returns: n behind them.
    """
    channels, width = geometry[CHANNELS], geometry[WIDTH]
    lines = geometry[SAMPLES] * geometry[HEIGHT]
    at = t * lines * width * channels
    pixel = number * lines * (width + 1)
    for _ in range(lines):
        for column in range(width):
            begins[pixel] = n
            pixel += 1
            event = column * channels * row_bytes
            for k in range(0, channels, LANES):
                first = event + k * row_bytes
                bits = word_of(counts, at, channels, k, bit)
                if repeats > 1:
                    twos = word_of(counts, at, channels, k, 1)
                    n = list_word(bits & twos, first, row_bytes, events, n)
                    n = list_word(twos, first, row_bytes, events, n)
                    bits |= twos
                n = list_word(bits, first, row_bytes, events, n)
            at += channels
        begins[pixel] = n
        pixel += 1
    return n


@inlined
def write_patterns(counts, geometry, line, first, together, bit, patterns, words):
    """The patterns of a line's places, in words of 64 channels, and which of them are not 0.

    Args:
        line: as `find_patterns` counts them.
        first, together, bit: as there.
        patterns: filled, uint8 [W * words of a pixel * 64].
        words: filled, uint64 [W * words of a pixel].
    """
    channels, width = geometry[CHANNELS], geometry[WIDTH]
    step = geometry[SAMPLES] * geometry[HEIGHT] * width * channels
    pixel = first * step + line * width * channels
    word = 0
    for _ in range(width):
        for k in range(0, channels, LANES):
            at, to = pixel + k, word * LANES
            left = min(channels - k, LANES)
            found = patterns_of_64(counts, at, step, together, bit, left, patterns, to)
            words[word] = found
            word += 1
        pixel += channels


@inlined
def find_patterns(counts, geometry, row_bytes, first, together, bit, events, n, begins, number, by):
    """List the events of some timesteps by their patterns; args and result as `find_events`.

    Args:
        first: the first timestep.
        together: timesteps, up to TOGETHER.
        number: of the first list; pattern p, whose bits are the timesteps, has the (p - 1)th.
        by: room: what `write_patterns` fills; where each pattern's events go.
    """
    patterns, words, ends = by
    channels, width = geometry[CHANNELS], geometry[WIDTH]
    lines, in_pixel = geometry[SAMPLES] * geometry[HEIGHT], (channels + LANES - 1) // LANES
    for line in range(lines):
        write_patterns(counts, geometry, line, first, together, bit, patterns, words)
        for pattern in range(1, 2**together):
            at = ((number + pattern - 1) * lines + line) * (width + 1)
            ends[pattern] = n
            for word in range(width * in_pixel):
                if word % in_pixel == 0:
                    begins[at] = n
                    at += 1
                n += number_of(patterns, word * LANES, pattern)
            begins[at] = n
        word = 0
        for column in range(width):
            for k in range(0, channels, LANES):
                event, place, bits = (column * channels + k) * row_bytes, word * LANES, words[word]
                while bits != 0:
                    channel = lowest_bit(bits)
                    pattern = patterns[place + channel]
                    events[ends[pattern]] = event + channel * row_bytes
                    ends[pattern] += 1
                    bits &= bits - np.uint64(1)
                word += 1
    return n


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
