"""AEDAT 4.0 files for the tests.

There is no writer of AEDAT 4 to be had here, so these are the format's own tables, uncompressed,
put together by hand; the decoder is the published package.
"""

import struct

import numpy as np

MAGIC = b"#!AER-DAT4.0\r\n"
STREAM = (
    '<node name="{number}"><attr key="typeIdentifier" type="string">{kind}</attr>'
    '<node name="info"><attr key="sizeX" type="int">{width}</attr>'
    '<attr key="sizeY" type="int">{height}</attr></node></node>'
)
EVENT = np.dtype([("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("on", "u1"), ("pad", "u1", 3)])


def header(streams, *, table_at=-1):
    """Magic line and IOHeader: compression none, place of the packet table, description."""
    text = f'<dv version="2.0"><node name="outInfo">{"".join(streams)}</node></dv>'.encode()
    vtable = struct.pack("<5H", 10, 20, 4, 8, 16) + b"\0" * 6
    fields = struct.pack("<iiqI", 16, 0, table_at, 4)
    text = struct.pack("<I", len(text)) + text + b"\0"
    body = struct.pack("<I4s", 24, b"IOHE") + vtable + fields + text
    return MAGIC + struct.pack("<I", len(body)) + body


def packet(events, *, stream=0, kind=b"EVTS"):
    """A packet of one stream: an EventPacket table with a vector of event structs."""
    elements = np.zeros(len(events), dtype=EVENT)
    elements["t"], elements["x"], elements["y"] = events.t, events.x, events.y
    elements["on"] = events.p
    table = struct.pack("<I4s3HxxiII", 16, kind, 6, 8, 4, 8, 4, len(events)) + elements.tobytes()
    body = struct.pack("<I", len(table)) + table
    return struct.pack("<II", stream, len(body)) + body


def stream(number=0, kind="EVTS", width=128, height=128):
    return STREAM.format(number=number, kind=kind, width=width, height=height)
