"""What runs inside hosts: thin panels over `bridge`, for people who do not leave their comp."""
