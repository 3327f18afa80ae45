"""Results of pure functions of short texts, kept for the next time they are asked.

Between two keystrokes all of a file but a line or two stays as it is, so most of what is worked out for one
request was worked out for the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: A longer text is data, or meant to do harm. Thousands of them would fill the memory.
LONGEST = 4_000


def kept(most: int) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Keeps the last `most` results of a function by its arguments, unless one of them is a long text.

    The function must be pure, its result immutable, and its arguments positional and hashable.
    """

    def keep(work: Callable[_P, _T]) -> Callable[_P, _T]:
        remembered = lru_cache(maxsize=most)(work)

        @wraps(work)
        def ask(*arguments: _P.args, **named: _P.kwargs) -> _T:
            for argument in arguments:
                if isinstance(argument, str) and len(argument) > LONGEST:
                    return work(*arguments, **named)
            return remembered(*arguments, **named)  # type: ignore[arg-type]  # hashable, by promise

        ask.cache_info = remembered.cache_info  # type: ignore[attr-defined]  # as of `lru_cache`
        return ask

    return keep
