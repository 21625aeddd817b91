"""`tssd doctor`: does it work here, and what is missing."""

import json
import time
from dataclasses import asdict

from tssd.cli.parser import CommandParser, not_empty
from tssd.doctor.examine import examine
from tssd.doctor.finding import Finding, verdict
from tssd.errors import printable

EPILOG = """Each line is a check that was done: ok; note = tssd works, and there is something to
know; fails = it does not. The exit code is 1 if one fails. It takes less than half a minute, trains
two tiny runs in a temporary folder and leaves nothing behind.

examples:
  tssd doctor
  tssd doctor --data.root my_data --json"""


def run(words: list[str]) -> int:
    """Print a line for each check as it is done, and a verdict."""
    parser = CommandParser("doctor", usage="[--data.root FOLDER] [--json]", epilog=EPILOG)
    parser.add_argument(
        "--data.root",
        type=not_empty,
        dest="root",
        metavar="FOLDER",
        help="where the data sets lie (default: the environment variable TSSD_DATA)",
    )
    parser.add_argument("--json", action="store_true", help="print as JSON, all at the end")
    args = parser.parse(words)
    if args.help:
        parser.print_help()
        return 0
    begun = time.monotonic()
    findings: list[Finding] = []
    for finding in examine(args.root):
        findings.append(finding)
        if not args.json:
            print(printable(finding.line()), flush=True)
    fails = any(finding.status == "fails" for finding in findings)
    seconds = round(time.monotonic() - begun, 1)
    if args.json:
        told = {"ok": not fails, "verdict": verdict(findings), "seconds": seconds}
        print(json.dumps(told | {"checks": [asdict(finding) for finding in findings]}, indent=2))
    else:
        print(f"{verdict(findings)} ({seconds:g} s)")
    return int(fails)
