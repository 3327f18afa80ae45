"""A search as a page's address has it, and back. What an address cannot say, it cannot ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode

from chiron.errors import ChironError
from chiron.records import Origin, Outcome, ScopeKind, Source
from chiron.review.verdicts import words
from chiron.store.feedback_queries import Filters
from chiron.store.feedback_search import Search

#: Stands for "has none" where a name is asked for.
NONE = "-"
_ENUMS: Mapping[str, Any] = {"origin": Origin, "scope": ScopeKind, "outcome": Outcome, "source": Source}
_NAMES = ("module", "model", "label", "uri")
_FLAGS = ("ended", "open", "strong", "undone", "labelled", "first", "measured", "priced")
_LONGEST = 500


class Unasked(ChironError):
    """An address asks for something that there is not."""


def to_search(params: Mapping[str, str], zone: tzinfo = UTC) -> Search:
    """The search that an address asks for. Raises `Unasked` in words."""
    given = {name: value.strip() for name, value in params.items() if value.strip()}
    if any(len(value) > _LONGEST for value in given.values()):
        raise Unasked("That search is too long.")
    filters: dict[str, Any] = {"search": given.get("q"), "withheld": _flag(given, "withheld")}
    lacking: list[str] = []
    for name in (*_ENUMS, *_NAMES):
        value = given.get(name)
        if value == NONE:
            lacking.append(name)
        elif value is not None:
            filters[name] = _enum(name, value) if name in _ENUMS else value
    filters["since_ms"] = _time(given, "since", zone, 0)
    # A day that is named as the end is meant to be in it.
    filters["until_ms"] = _time(given, "until", zone, 1)
    flags = {name: _flag(given, name) for name in _FLAGS}
    if "label" in lacking:
        lacking.remove("label")
        flags["labelled"] = False
    return Search(
        Filters(**filters),
        arm=given.get("arm"),
        reason=given.get("reason"),
        slower_ms=_number(given, "slower"),
        lacking=tuple(lacking),
        **flags,
    )


def to_query(**params: object) -> str:
    """An address's query that `to_search` reads; what is None is left out, what is "" says "has none"."""
    return urlencode({name: _plain(value) for name, value in params.items() if value is not None})


def in_words(params: Mapping[str, str], zone: tzinfo = UTC) -> list[tuple[str, str]]:
    """What an address asks for as (parameter, words), for chips that each take one condition away."""
    chips: list[tuple[str, str]] = []
    for name, value in params.items():
        if not value.strip():
            continue
        if name in _FLAGS or name == "withheld":
            yes, no = _FLAG_WORDS[name]
            chips.append((name, yes if value in _YES else no))
        elif name in ("since", "until") and value.isdigit():
            when = datetime.fromtimestamp(int(value) / 1000, zone).strftime("%d %b %Y %H:%M")
            chips.append((name, f"{'from' if name == 'since' else 'before'} {when}"))
        elif name == "slower":
            chips.append((name, f"took {float(value):,.0f} ms or longer" if _is_number(value) else value))
        elif name == "q":
            chips.append((name, f"“{value}”"))
        elif value == NONE:
            chips.append((name, f"no {name}"))
        else:
            said = words(value) if name == "label" else value.replace("_", " ") if name in _ENUMS else value
            chips.append((name, f"{name}: {said}"))
    return chips


_YES = ("yes", "1", "true", "on")
_FLAG_WORDS = {
    "ended": ("seen to its end", "not seen to its end"),
    "open": ("still open", "not open any more"),
    "strong": ("strong acceptance", "no strong acceptance"),
    "undone": ("undone", "not undone"),
    "labelled": ("labelled", "not labelled"),
    "first": ("first of its request", "not the first of its request"),
    "measured": ("kept ratio known", "kept ratio not known"),
    "priced": ("cost money", "cost nothing"),
    "withheld": ("withheld", "shown"),
}


def _plain(value: object) -> str:
    if value is True or value is False:
        return "yes" if value else "no"
    return NONE if value == "" else str(value)


def _flag(given: Mapping[str, str], name: str) -> bool | None:
    value = given.get(name)
    if value is None:
        return None
    if value in _YES:
        return True
    if value in ("no", "0", "false"):
        return False
    raise Unasked(f"`{name}` is yes or no.")


def _enum(name: str, value: str) -> Any:
    try:
        return _ENUMS[name](value)
    except ValueError:
        known = ", ".join(_ENUMS[name])
        raise Unasked(f"No {name} is called {value!r}.", advice=f"There are: {known}.") from None


def _time(given: Mapping[str, str], name: str, zone: tzinfo, days_on: int) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if value.isdigit() and len(value) > 4:
        return min(int(value), 2**62)
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        raise Unasked(f"{value!r} is no day.", advice="Write it as 2026-06-30.") from None
    if when.tzinfo is None:
        when = when.replace(tzinfo=zone)
    if len(value) == 10:
        when += timedelta(days=days_on)
    return int(when.timestamp() * 1000)


def _number(given: Mapping[str, str], name: str) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    if not _is_number(value):
        raise Unasked(f"`{name}` is a number of milliseconds.")
    return float(value)


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).isdigit() and value.isascii()
