"""`tssd completion`: what makes a shell complete commands, recipes and options."""

from tssd.cli.candidates import ACTIONS, candidates
from tssd.cli.parser import CommandParser
from tssd.config.suggest import nearest
from tssd.errors import UsageError

# Where tssd has nothing to offer, shells offer files.
SCRIPTS = {
    "bash": """_tssd() {
    local IFS=$'\\n'
    COMPREPLY=($(tssd completion candidates "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    # A recipe may go on with another piece.
    if [[ $COMP_CWORD -gt 1 && ${COMPREPLY[0]} == [^-]* ]]; then compopt -o nospace; fi
}
complete -o default -F _tssd tssd
""",
    "zsh": """#compdef tssd
_tssd() {
    local -a found
    found=(${(f)"$(tssd completion candidates "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( $#found )); then compadd -- $found; else _files; fi
}
compdef _tssd tssd
""",
    "fish": """function __tssd
    set -l word (commandline -ct)
    tssd completion candidates (commandline -opc)[2..] "$word" 2>/dev/null
end
complete -c tssd -a '(__tssd)'
""",
}

EPILOG = """Put the line of your shell into its start-up file:
  eval "$(tssd completion bash)"     # ~/.bashrc
  eval "$(tssd completion zsh)"      # ~/.zshrc, below compinit
  tssd completion fish | source      # ~/.config/fish/config.fish

examples:
  tssd completion bash
  tssd completion fish > ~/.config/fish/completions/tssd.fish"""


def run(words: list[str]) -> int:
    """Print the script of a shell, or, for such a script, what a line may go on with."""
    if words[:1] == ["candidates"]:
        print("\n".join(candidates(words[1:])))
        return 0
    parser = CommandParser("completion", usage="bash|zsh|fish", epilog=EPILOG)
    parser.add_argument("shell", nargs="?", metavar="SHELL", help="bash, zsh or fish")
    args = parser.parse(words)
    if args.help:
        parser.print_help()
        return 0
    known = ACTIONS["completion"]
    if args.shell is None:
        raise UsageError(f"completion: no shell given, expected one of {', '.join(known)}")
    if args.shell not in SCRIPTS:
        raise UsageError(f"{args.shell}: no shell that is known; {nearest(args.shell, known)}")
    print(SCRIPTS[args.shell], end="")
    return 0
