"""A server that imports for long ends with its parent all the same."""

import os
import subprocess
import sys
import time

import pytest

PARENT = """
import subprocess, sys
code = "import tssd.dry_run.fork_server, time; print('up', flush=True); time.sleep(60)"
subprocess.Popen([sys.executable, "-c", code]).wait()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_it_ends_with_its_parent():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout.readline() == b"up\n"
        process.kill()
        began = time.monotonic()
        process.communicate(timeout=50)  # until nobody has its output open
        assert time.monotonic() - began < 10
