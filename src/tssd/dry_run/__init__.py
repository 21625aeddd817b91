"""What a recipe would take, without training it, and without its data where that is not here."""
