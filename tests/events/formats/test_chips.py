import numpy as np
import pytest

from tssd.errors import DataError
from tssd.events.formats.chips import DAVIS, DVS128, chip_of, davis_fields, source_of

START = b"#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n"


@pytest.mark.parametrize(
    ("line", "chip"),
    [
        ("", None),
        ("# AEChip: ch.unizh.ini.jaer.chip.retina.DVS128", DVS128),
        ("# AEChip: Tmpdiff128", DVS128),
        ("#AEChip:DVS_128", DVS128),
        ("# AEChip: eu.seebetter.ini.chips.davis.Davis346blue", DAVIS["346"]),
        ("# AEChip: eu.seebetter.ini.chips.davis.DAVIS240C", DAVIS["240"]),
        ("# AEChip: DAVI346", DAVIS["346"]),
        ("# AEChip: eu.seebetter.ini.chips.davis.Davis128", DAVIS["128"]),
        ("# AEChip: eu.seebetter.ini.chips.davis.Davis640", DAVIS["640"]),
        ("# HardwareInterface: CypressFX2DVS128", DVS128),
        ("# HardwareInterface: CypressFX3", None),
        ("# HardwareInterface: DVS128\r\n# AEChip: DAVIS240A", DAVIS["240"]),
    ],
)
def test_the_camera_is_read_from_the_header(line, chip):
    assert chip_of(START + line.encode() + b"\r\n", name="a") is chip


@pytest.mark.parametrize(
    "said",
    [
        "com.sec.dvs.SecDvs640Gen2",
        "Davis346mini",
        "DVS1280",
        "CochleaAMS1c",
        "DAVIS3460",
        "ch.unizh.ini.jaer.chip.stereopsis.Tmpdiff128StereoPair",
        "eu.seebetter.ini.chips.davis.MultiDavis346BCameraChip",
        "DVS128andCochleaAMS1b",
    ],
)
def test_an_unknown_camera_is_refused(said):
    header = START + f"# AEChip: {said}\r\n".encode()
    with pytest.raises(DataError, match=f"^a is of the camera {said}, expected one of DVS128, DAV"):
        chip_of(header, name="a")


def test_samples_and_triggers_are_counted(caplog):
    words = np.array([[1 << 31, 1], [1 << 31 | 1 << 10, 2], [1 << 10, 3], [0, 4]], ">u4")
    with caplog.at_level("INFO", logger="tssd"):
        t, x, y, p = davis_fields(words, DAVIS["240"], name="a")
    assert (t.tolist(), x.tolist(), y.tolist(), p.tolist()) == ([4], [239], [179], [0])
    assert caplog.messages == [
        "a: 3 of 4 records of the DAVIS240 are no pixel events and are left out (2 of images or "
        "motion, 1 triggers)"
    ]


@pytest.mark.parametrize(
    ("lines", "chip"),
    [
        ("", None),
        ("#Format: RAW\r\n#Source 1: DVS128", DVS128),
        ("#Source 0: DAVIS240C\r\n#-Source 1: DVS128", DAVIS["240"]),
        ("#Format: raw \r\n#Comment: of no camera", None),
    ],
)
def test_the_source_is_read_from_the_header(lines, chip):
    assert source_of(f"#!AER-DAT3.1\r\n{lines}\r\n".encode(), name="a") is chip


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("#Format: SerializedTS", "packets in the format SerializedTS, expected RAW"),
        ("#Source 1: Dynapse", "is of the camera Dynapse, expected one of DVS128, DAVIS128"),
        ("#Source 1: DVS128\r\n#Source 2: DVS128", r"is of 2 cameras \(DVS128, DVS128\), expected"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused(lines, said):
    with pytest.raises(DataError, match=said):
        source_of(f"#!AER-DAT3.1\r\n{lines}\r\n".encode(), name="a")
