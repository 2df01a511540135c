"""``void weights``: where the model's files are, how they get there, whether they are right."""
