"""A trained run made ready for others: the files, the card, and the way to the hub."""
