"""Trained runs, brought back to life: their network, their data, and what both do now."""
