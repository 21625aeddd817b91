"""Does tssd work here? Checks that do the thing, one a line. Little is imported before they run."""
