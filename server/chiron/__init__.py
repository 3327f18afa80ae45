"""Chiron: inline suggestions for Ansible that are valid or not shown."""

__version__ = "0.1.0"
