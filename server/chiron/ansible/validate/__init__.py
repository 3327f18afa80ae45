"""What is wrong with a task, a play or a file, by what is installed here."""

from chiron.ansible.validate.validate import CODES, validate_file, validate_tasks

__all__ = ["CODES", "validate_file", "validate_tasks"]
