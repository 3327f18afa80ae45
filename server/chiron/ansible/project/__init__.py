"""What one workspace holds: tasks, and the names within reach of a place in it."""

from chiron.ansible.project.project import Project

__all__ = ["Project"]
