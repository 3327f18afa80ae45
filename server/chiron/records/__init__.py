"""The frozen values that cross rooms.

Everything here is plain data: nothing does I/O, nothing imports another room. Positions count lines and
Unicode code points from zero; only `lsp` knows other units.
"""

from chiron.records.ansible import (
    Constraints,
    Facts,
    Fix,
    Module,
    Option,
    Problem,
    Severity,
    Style,
    Task,
    Variable,
)
from chiron.records.models import Capabilities, Model, ModelAnswer, ModelRequest
from chiron.records.outcomes import Event, EventKind, Evidence, Outcome, SuggestionRecord
from chiron.records.places import Expects, FileKind, Scope, ScopeKind
from chiron.records.suggestions import (
    Answer,
    Candidate,
    Consulted,
    Ground,
    Origin,
    Place,
    Request,
    Source,
    Suggestion,
    Trigger,
    Withheld,
)
from chiron.records.text import Position, Range

__all__ = [
    "Answer",
    "Candidate",
    "Capabilities",
    "Constraints",
    "Consulted",
    "Event",
    "EventKind",
    "Evidence",
    "Expects",
    "Facts",
    "FileKind",
    "Fix",
    "Ground",
    "Model",
    "ModelAnswer",
    "ModelRequest",
    "Module",
    "Option",
    "Origin",
    "Outcome",
    "Place",
    "Position",
    "Problem",
    "Range",
    "Request",
    "Scope",
    "ScopeKind",
    "Severity",
    "Source",
    "Style",
    "Suggestion",
    "SuggestionRecord",
    "Task",
    "Trigger",
    "Variable",
    "Withheld",
]
