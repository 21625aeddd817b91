"""The pages in a real browser, where there is one: no complaint, nothing fetched."""

import json
import shutil
import subprocess
from typing import NamedTuple

import pytest
from PIL import Image

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next((path for name in NAMES if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(NAMES)} is installed")

EVIL = """<!doctype html><title>x</title>
<img src="http://tssd.example/x.png"><script>console.error("bad")</script>"""


class Seen(NamedTuple):
    console: list
    asked: set
    picture: Image.Image


@pytest.fixture
def look(tmp_path):
    """Opens a file at a width; a network that leads nowhere makes what is fetched fail."""

    def look(page, width):
        log, picture = tmp_path / "net.json", tmp_path / f"{width}.png"
        command = [
            BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr",
            f"--window-size={width},1600", f"--log-net-log={log}", f"--screenshot={picture}",
            page.resolve().as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        events = json.loads(log.read_text())["events"]
        # Requests of the browser itself, for updates and the like, have no origin.
        asked = {
            event["params"]["url"]
            for event in events
            if event.get("params", {}).get("initiator", "not an origin") != "not an origin"
        }
        with Image.open(picture) as image:
            return Seen(console, asked, image.convert("RGB"))

    return look


def test_the_browser_would_notice(look, tmp_path):
    (tmp_path / "evil.html").write_text(EVIL)
    seen = look(tmp_path / "evil.html", 400)
    assert any("bad" in line for line in seen.console)
    assert "http://tssd.example/x.png" in seen.asked


def test_a_run_and_a_comparison_open_without_complaint(look, tssd, trained, tmp_path):
    for seed in range(2):
        shutil.copytree(trained, tmp_path / "runs" / "m" / f"seed{seed}")
    path = tmp_path / "runs" / "m" / "seed1" / "results.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"seed": 1}))
    assert tssd("report", "runs").code == 0
    assert tssd("report", "runs/m/seed0").code == 0
    pages = tmp_path / "runs" / "report.html", tmp_path / "runs" / "m" / "seed0" / "report.html"
    for page, width in ((pages[0], 1280), (pages[1], 1280), (pages[1], 390)):
        seen = look(page, width)
        assert seen.console == []
        assert not [url for url in seen.asked if not url.startswith("data:")], seen.asked
        assert seen.picture.size == (width, 1600)
        # Something was painted, and nothing hangs over the right edge.
        assert len(seen.picture.getcolors(maxcolors=10**7)) > 20
        edge = seen.picture.crop((width - 6, 0, width, 1600))
        assert len(edge.getcolors()) == 1
