"""The database, seen from Python: the only package that holds SQL."""
