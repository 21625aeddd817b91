"""What training needs of a machine: memory and time, concluded before it or measured."""
