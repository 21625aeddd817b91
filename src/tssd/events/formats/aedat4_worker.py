"""Run as a program: decode the events of one AEDAT 4.0 file and write them to standard output.

    python -P aedat4_worker.py FILE BEGIN BYTES SECONDS

It ends when its standard input does, which whoever started it holds open as long as it lives.

The package `aedat` believes the numbers within a file: on a damaged one it may end the process, ask
for any amount of memory or raise what is no `Exception`. All that ends this process alone. It needs
nothing of tssd's, so that it starts in a twentieth of a second.

BEGIN is the first byte of the packets; decoding may take so many BYTES of memory and SECONDS of a
processor. The output is a line of JSON, {"error": "...", "kind": "damaged" or "none"} or {"size":
[height, width], "clauses": [...], "count": E}, and in the second case t int64 [E], x and y uint16
[E] and p uint8 [E].
"""

import json
import os
import struct
import sys
import threading
from collections.abc import Sequence
from typing import Any

_PACKET = struct.Struct("<II")  # stream, bytes of the body


class FormatError(Exception):
    """The file is sound but holds nothing for us."""


def main(words: Sequence[str]) -> int:
    """Decode, and report whatever goes wrong as the one line that comes first."""
    path = words[0]
    begin, memory, seconds = map(int, words[1:])
    import aedat
    import numpy as np

    threading.Thread(target=follow_input, daemon=True).start()
    limit(memory, seconds)
    out = sys.stdout.buffer
    try:
        size, parts, clauses = decode(aedat, path, begin)
        fields = [
            np.concatenate([part[key].astype(dtype) for part in parts] or [np.empty(0, dtype)])
            for key, dtype in (("t", "<i8"), ("x", "<u2"), ("y", "<u2"), ("on", "u1"))
        ]
    except BaseException as error:  # a panic of the library's is no Exception
        reason = " ".join(str(error).split()) or type(error).__name__
        kind = "none" if isinstance(error, FormatError) else "damaged"
        out.write(json.dumps({"error": reason, "kind": kind}).encode() + b"\n")
        return 1
    head = {"size": size, "clauses": clauses, "count": len(fields[0])}
    out.write(json.dumps(head).encode() + b"\n")
    for field in fields:
        out.write(field.tobytes())
    out.flush()
    return 0


def follow_input() -> None:
    """End with whoever started this process."""
    os.read(0, 1)
    os._exit(1)


def limit(memory: int, seconds: int) -> None:
    """Have this process fail beyond so many bytes and seconds, where the system can do that."""
    if sys.platform != "linux":
        return
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:
        own = int(file.read().split()[0]) * resource.getpagesize()
    for which, most in ((resource.RLIMIT_AS, own + memory), (resource.RLIMIT_CPU, seconds)):
        _, hard = resource.getrlimit(which)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))


def decode(aedat: Any, path: str, begin: int) -> tuple[tuple[int, int], list[Any], list[str]]:
    """Size of the sensor, events of each packet of the first stream of events, what was dropped."""
    with open(path, "rb") as file:
        data = file.read()
    decoder = aedat.Decoder(path)
    streams = decoder.id_to_stream()
    wanted = [number for number, stream in streams.items() if stream["type"] == "events"]
    if not wanted:
        raise FormatError("holds no stream of events: record it with events switched on")
    parts, clauses = packets(decoder, min(wanted), data, begin)
    stream = streams[min(wanted)]
    return (int(stream["height"]), int(stream["width"])), parts, clauses


def packets(decoder: Any, stream: int, data: bytes, position: int) -> tuple[list[Any], list[str]]:
    """Events of each packet of a stream, and whether the file ends too early.

    Raises:
        RuntimeError: A packet that is whole cannot be decoded.
    """
    parts = []
    while True:
        # Where the packet ends that the decoder takes next.
        end = len(data) + 1
        if position + _PACKET.size <= len(data):
            end = position + _PACKET.size + _PACKET.unpack_from(data, position)[1]
        lost = len(data) - position
        cut = [f"is cut off: its last {lost} bytes are no whole packet, dropped"]
        try:
            packet = next(decoder, None)
        except RuntimeError:
            if end <= len(data):
                raise
            return parts, cut
        if packet is None:
            # Behind the packets stands a table of them, except after an interrupted recording:
            # there the decoder takes a few stray bytes for the end.
            return parts, cut if 0 < lost < _PACKET.size else []
        if packet["stream_id"] == stream:
            parts.append(packet["events"])
        position = end


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
