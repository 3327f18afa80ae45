"""Results of pure functions of short texts, kept for the next time they are asked.

Between two keystrokes all of a file but a line or two stays as it is, so most of what is worked out for one
request was worked out for the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: A longer text is data, or meant to do harm. Thousands of them would fill the memory.
LONGEST = 4_000


def kept(most: int) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Keeps the last `most` results of a function by its arguments, unless one of them is a long text.

    The function must be pure, its result immutable, its arguments positional and hashable; a single one is
    a text.
    """

    def keep(work: Callable[..., _T]) -> Callable[..., _T]:
        remembered = lru_cache(maxsize=most)(work)

        @wraps(work)
        def ask(*arguments: Any) -> _T:
            for argument in arguments:
                if isinstance(argument, str) and len(argument) > LONGEST:
                    return work(*arguments)
            return remembered(*arguments)

        @wraps(work)
        def ask_of_one(text: Any) -> _T:
            return remembered(text) if len(text) <= LONGEST else work(text)

        # Most take one text, and some are asked hundreds of times a request.
        return ask_of_one if work.__code__.co_argcount == 1 else ask

    return keep
