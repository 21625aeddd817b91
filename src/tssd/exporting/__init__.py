"""Trained networks as files for other runtimes, checked against the network itself."""
