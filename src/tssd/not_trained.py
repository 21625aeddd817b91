"""Options of a run that change nothing in what is trained.

They say how training is shown, where the data lies, who reads it and which epoch counts: a run may
be resumed with others, and two seeds of one method may differ in them.
"""

# Dotted names in a complete configuration.
NOT_TRAINED = (
    "trainer.progress",
    "trainer.select",
    "data.init_args.root",
    "data.init_args.num_workers",
)
# May change on resuming, if that is asked for: the schedule becomes that of the new length.
LENGTH = "trainer.epochs"
