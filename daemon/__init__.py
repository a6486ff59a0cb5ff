"""The daemon on the user's machine."""
