"""The search for the convention behind a matrix."""
