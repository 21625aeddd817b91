"""Training from Python: networks, data, optimisers and schedules that are objects."""
