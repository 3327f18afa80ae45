"""What somebody who wrote one name may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(written: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `written` is a slip of the pen away from; None where there is none or several.

    A slip is one letter left out, put in, changed or swapped with its neighbour; two in names of eight
    letters or more.
    """
    lowered = written.lower()
    allowed = 2 if len(written) >= 8 else 1
    best: list[str] = []
    best_distance = allowed + 1
    for name in names:
        if abs(len(name) - len(written)) > allowed:
            continue
        far = distance(lowered, name.lower(), allowed)
        if far < best_distance:
            best, best_distance = [name], far
        elif far == best_distance and far <= allowed:
            best.append(name)
    return best[0] if len(set(best)) == 1 and best_distance <= allowed else None


def distance(a: str, b: str, limit: int) -> int:
    """Edits between `a` and `b` (swapped neighbours count one); anything over `limit` is `limit + 1`."""
    if a == b:
        return 0
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)
