"""`tssd push`: a trained run to the hub, with a card."""

from collections.abc import Mapping
from pathlib import Path

from tssd.cli.parser import CommandParser, not_empty
from tssd.errors import UsageError
from tssd.hub.client import endpoint, library
from tssd.hub.name import HubName

REPOSITORY = "OWNER/NAME[@BRANCH]"

EPILOG = """What is uploaded: the weights as safetensors, config.yaml, model.json, results.json and
environment.json without paths of this machine and without its logger, and a card, README.md, that
is written from them. No checkpoint and no data. The token is yours: `hf auth login`, or HF_TOKEN.

examples:
  tssd push runs/digits/tssd/seed0 jane/digits-tssd --dry-run
  tssd push runs/digits/tssd/seed0 jane/digits-tssd --license mit --output to_look_at
  tssd push runs/digits/tssd/seed0 jane/digits-tssd --license mit --private"""


def run(words: list[str]) -> int:
    """Make the files; write them, upload them, or only say what they are."""
    parser = _parser()
    args = parser.parse(words)
    if args.help:
        parser.print_help()
        return 0
    if args.run is None or args.repository is None:
        raise UsageError("push: expected a run folder and the repository, OWNER/NAME")
    if args.dry_run and args.output:
        raise UsageError("--dry-run writes nothing; give either that or --output")
    name = HubName.parse(args.repository, expected=REPOSITORY)
    uploads = not (args.dry_run or args.output)
    if uploads and name.owner is None:
        raise UsageError(f"{args.repository}: whose repository? expected {REPOSITORY}")
    if uploads:
        library("push")  # which is missing before anything is read that takes long

    from tssd.sharing.contents import contents, read_card, write_folder

    own_card = read_card(args.card) if args.card else None
    files = contents(
        args.run,
        name,
        description=args.description,
        licence=args.license,
        trust=args.trust,
        own_card=own_card,
    )
    if args.output:
        write_folder(Path(args.output), files)
    where = f"{endpoint()}/{name.repository}" if name.owner else name
    _print(files, args.output or where)
    if not (args.license or args.card):
        print("no licence is given: nobody else may use it; say which with --license")
    if args.trust:
        print(f"its code is not among them: {', '.join(args.trust)}; the card says so")
    if uploads:
        from tssd.sharing.upload import upload

        print(f"uploaded: {upload(files, name, private=args.private, message=args.message)}")
        print(f'tssd.load("{name}") loads it')
    else:
        print("nothing was uploaded")
    return 0


def _print(files: Mapping[str, bytes], where: object) -> None:
    width = max(map(len, files))
    for file, content in files.items():
        print(f"  {file:<{width}}  {len(content) / 1e3:10.1f} kB")
    total = sum(map(len, files.values()))
    print(f"{len(files)} files, {total / 1e6:.2f} MB, for {where}")


def _parser() -> CommandParser:
    parser = CommandParser(
        "push",
        usage=f"RUN {REPOSITORY} [--license ID] [--description TEXT] [--card FILE]\n"
        "                 [--private] [--message TEXT] [--dry-run | --output FOLDER]",
        epilog=EPILOG,
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="a finished run")
    parser.add_argument(
        "repository", nargs="?", metavar="OWNER/NAME", help="the repository, made where it is not"
    )
    parser.add_argument(
        "--license",
        type=not_empty,
        metavar="ID",
        help="of the network, as the hub abbreviates it, such as mit",
    )
    parser.add_argument(
        "--description",
        type=not_empty,
        metavar="TEXT",
        help="what it is, in place of the recipe's words, which know nothing of other options",
    )
    parser.add_argument(
        "--card",
        type=not_empty,
        metavar="FILE",
        help="a README.md of your own, in place of the one written",
    )
    parser.add_argument("--private", action="store_true", help="for nobody else to see")
    parser.add_argument("--message", type=not_empty, metavar="TEXT", help="of the commit")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be uploaded, and do nothing"
    )
    parser.add_argument(
        "--output",
        type=not_empty,
        metavar="FOLDER",
        help="write what would be uploaded there, and upload nothing",
    )
    return parser
