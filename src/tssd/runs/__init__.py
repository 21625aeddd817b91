"""A run: its folder and files, what stands in them, how runs differ, and where they are."""
