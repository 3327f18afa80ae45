"""From a position in a text to a request. The one way in, for the editor, the command line and the evals."""

from __future__ import annotations

from chiron.lines import keep
from chiron.records import Origin, Place, Position, Request, Trigger
from chiron.syntax.document import Document
from chiron.syntax.kind import file_kind
from chiron.syntax.scope import find_scope


def request_at(
    document: Document,
    position: Position,
    place: Place,
    *,
    origin: Origin,
    trigger: Trigger = Trigger.INVOKED,
    n: int = 1,
) -> Request | None:
    """The request for `position` in `document`, or None where nothing may be suggested."""
    scope = find_scope(document, position, file_kind(place.path, document.text))
    if scope is None:
        return None
    keep(document.text, document.all_lines())
    return Request(place, document.text, scope, origin, trigger, n)
