"""A trained network timed in every runtime that is installed, beside what it is worth there."""
