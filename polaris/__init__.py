"""Coding agents as teammates of a team."""

__version__ = "0.1.0"
