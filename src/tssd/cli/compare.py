"""tbd"""

SUMMARY = "compare"


def add_arguments(parser):
    pass


def run(args, rest):
    return 0
