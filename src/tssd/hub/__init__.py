"""Trained networks by name: those that come with tssd, and those in repositories of a hub."""
