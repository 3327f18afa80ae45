"""What is installed here: which modules there are, what they take, where they came from."""

from chiron.ansible.catalog.catalog import Catalog

__all__ = ["Catalog"]
