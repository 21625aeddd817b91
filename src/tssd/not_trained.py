"""Options of a run that change nothing in what is trained.

They say how training is shown, where the data lies and who reads it: a run may be resumed with
others, and two seeds of one method may differ in them.
"""

# Dotted names in a complete configuration.
NOT_TRAINED = ("trainer.progress", "data.init_args.root", "data.init_args.num_workers")
