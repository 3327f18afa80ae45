"""Versions, told at run time."""

LEAST = "1.4"
