"""Whether a text is a module's own EXAMPLES, which are under the GPL and are never exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chiron.ansible.catalog.examples import split_examples
from chiron.flywheel.learned.pool import is_copied
from chiron.records import SuggestionRecord

if TYPE_CHECKING:
    from chiron.ansible.catalog import Catalog

#: A single line, as `ansible.builtin.ping:`, is nobody's work.
_FEWEST_LINES = 2


class Copied:
    """Looks at where a suggestion came from and, with a catalog, at what its text is."""

    def __init__(self, catalog: Catalog | None) -> None:
        self._catalog = catalog
        self._known: dict[str, frozenset[str]] = {}

    @property
    def by_text(self) -> bool:
        """Whether texts are compared too, and not only where they came from."""
        return self._catalog is not None

    def is_from_examples(self, record: SuggestionRecord) -> bool:
        """Whether the suggestion was recalled from EXAMPLES, changed or not, or from what had been."""
        return is_copied(record.grounds)

    def is_example(self, text: str, module: str | None) -> bool:
        """Whether `text` is, up to its layout, a task body of that module's EXAMPLES."""
        body = _body(text)
        if module is None or body.count("\n") + 1 < _FEWEST_LINES:
            return False
        return body in self._of(module)

    def _of(self, module: str) -> frozenset[str]:
        if module not in self._known:
            found = self._catalog.module(module) if self._catalog is not None else None
            bodies = [body for _, _, body, _ in split_examples(found.examples)] if found else []
            self._known[module] = frozenset(map(_body, bodies))
        return self._known[module]


def _body(text: str) -> str:
    """The lines of a body without margins, empty lines and white space at their ends."""
    return "\n".join(row.strip() for row in text.split("\n") if row.strip())
