import zipfile

from tssd.events.datasets.simulated import SAYS, is_simulated


def test_a_zip_says_so_in_its_comment(tmp_path):
    for name, comment in (("simulated.zip", SAYS.encode()), ("real.zip", b"")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("airplane/cifar10_airplane_0.aedat", b"")
            archive.comment = comment
    (tmp_path / "broken.zip").write_bytes(b"PK\x05\x06")
    assert [path.name for path in sorted(tmp_path.iterdir()) if is_simulated(path)] == [
        "simulated.zip"
    ]
    assert not is_simulated(tmp_path / "missing.zip")
