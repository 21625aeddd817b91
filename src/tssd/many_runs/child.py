"""`python -P -m tssd.many_runs.child train RECIPE ...`: a run as a child of who trains many.

It ends with its parent, and tells it what was raised. Little is imported before signals are
answered.
"""

import logging
import os
import sys
import warnings

from tssd.many_runs.planned import TRUST, PlannedRun
from tssd.processes import follow_input
from tssd.signals import under_signals


def main(words: list[str]) -> int:
    """Train the run of these words: those of a `PlannedRun`, and the modules that are trusted.

    Returns the exit code: that of `tssd train`. Standard output is for the answer alone.
    """
    answer = os.dup(1)
    os.dup2(2, 1)  # whatever prints is no answer
    logging.disable(logging.INFO)  # nobody reads it

    def tell(error: BaseException) -> int:
        from tssd.many_runs.failure import Failure

        failure = Failure.of(PlannedRun.of(own), error)
        with open(answer, "w", encoding="ascii", closefd=False) as file:
            file.write(failure.to_json())
        return failure.exit_code

    def train() -> int:
        from tssd.config.trust import trusting
        from tssd.many_runs.here import train

        with warnings.catch_warnings(), trusting(word.removeprefix(TRUST) for word in trusted):
            warnings.filterwarnings("ignore", module="lightning")
            train(PlannedRun.of(own))
        return 0

    trusted = [word for word in words if word.startswith(TRUST)]
    own = [word for word in words if word not in trusted]
    return under_signals(train, tell, lambda: tell(KeyboardInterrupt()), program=True)


if __name__ == "__main__":
    follow_input()
    sys.exit(main(sys.argv[1:]))
