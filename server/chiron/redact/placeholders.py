"""Takes secrets out of a text and, where that is allowed, puts them back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from chiron.redact.blocks import find_secrets, merge
from chiron.redact.formats import formats
from chiron.redact.scalars import PLACEHOLDER, Span
from chiron.redact.values import n_changes

_NAME = re.compile(r"[a-zA-Z]+(?:[_.-][a-zA-Z]+)*")
_REST_BLANK = re.compile(r"[ \t\r]*(?:\n|\Z)")
_KEY_AFTER = re.compile(r"\s*:(?:\s|$)")
#: What a model makes of a placeholder that it does not copy exactly.
_MANGLED = re.compile(r"CHIRON[\s_\\-]*SECRET", re.I)


@dataclass(frozen=True, slots=True)
class Redaction:
    """A text without its secrets, and the way back.

    `secrets` maps every placeholder given out so far in this request to the text it stands for, those of
    earlier texts included; `kinds` says of each what it was taken for.
    """

    text: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    kinds: Mapping[str, str] = field(default_factory=dict)


def redact(text: str, *, known: Redaction | None = None) -> Redaction:
    """`text` with a placeholder for every secret. Never raises, whatever the text.

    The same secret has the same placeholder throughout, and also in the texts before it that led to
    `known`. A placeholder is a plain word, so that quotes, keys and indentation round it stay valid YAML. A
    secret that was found once is also taken out where it stands without its key. What looks like a
    placeholder already is replaced too, and so cannot be taken for one of ours.
    """
    return redact_part(text, 0, len(text), known=known)


def redact_part(text: str, start: int, end: int, *, known: Redaction | None = None) -> Redaction:
    """Like `redact`, of `text[start:end]` only, but seeing what stands round it.

    A part that begins within a block (a key, a vault, the items under `passwords:`) shows by itself neither
    that it holds secrets nor which: whoever sends a part of a text cuts it with this.
    """
    secrets = dict(known.secrets) if known else {}
    kinds = dict(known.kinds) if known else {}
    names = {secret: name for name, secret in secrets.items()}
    parts: list[str] = []
    at = start
    for first, last, kind in _with_repetitions(text, list(_secrets_in(text)), secrets):
        first, last = max(first, start), min(last, end)  # noqa: PLW2901 what of the span lies in the part
        if last <= first:
            continue
        secret = text[first:last]
        name = names.get(secret)
        if name is None:
            name = f"__CHIRON_SECRET_{len(secrets) + 1}__"
            names[secret] = name
            secrets[name] = secret
            kinds[name] = kind
        parts += (text[at:first], name)
        at = last
    parts.append(text[at:end])
    return Redaction("".join(parts), secrets, kinds)


# The parts of one text are redacted one after the other.
@lru_cache(maxsize=2)
def _secrets_in(text: str) -> tuple[Span, ...]:
    return tuple(find_secrets(text))


def restore(text: str, redaction: Redaction, document_text: str) -> str | None:
    """`text` with its placeholders turned back into their secrets, or None where it must be withheld.

    It must be withheld if it holds a placeholder that was not given out in this request, a mangled one, or
    one whose secret does not stand, as a secret, in `document_text`.
    """
    names = set(PLACEHOLDER.findall(text))
    if _MANGLED.search(PLACEHOLDER.sub("", text)):
        return None
    if not names:
        return text
    here = _secrets_of(document_text)
    if any(redaction.secrets.get(name) not in here for name in names):
        return None
    return PLACEHOLDER.sub(lambda match: redaction.secrets[match[0]], text)


def holds_secret(text: str, redaction: Redaction, document_text: str = "") -> str | None:
    """What kind of literal secret `text` holds, or None. The secret itself is never named.

    Placeholders are no literals. Neither are secrets that already stand, as such, in `document_text`: a
    text that was restored may hold those.
    """
    allowed = _secrets_of(document_text) if document_text else frozenset()
    for start, end, kind in find_secrets(text):
        literal = text[start:end]
        if kind != "placeholder" and literal not in allowed and not PLACEHOLDER.fullmatch(literal):
            return kind
    for secret in redaction.secrets.values():
        if (
            secret not in allowed
            and _is_distinctive(secret)
            and next(_occurrences(secret, text), None) is not None
        ):
            return "a secret of this request"
    return None


def warm_up() -> None:
    """Does now what the first `redact` would otherwise take a tenth of a second longer for."""
    formats()


@lru_cache(maxsize=8)
def _secrets_of(document_text: str) -> frozenset[str]:
    return frozenset(redact(document_text).secrets.values())


def _with_repetitions(text: str, spans: list[Span], known: Mapping[str, str]) -> list[Span]:
    """`spans`, and wherever else in `text` the same secrets stand."""
    secrets = {text[start:end] for start, end, _ in spans}.union(known.values())
    starts = {start for start, _, _ in spans}
    more = [
        (at, at + len(secret), "secret repeated")
        for secret in secrets
        if _is_distinctive(secret)
        for at in _occurrences(secret, text)
        if at not in starts
    ]
    return merge(spans + more) if more else spans


def _occurrences(secret: str, text: str) -> Iterator[int]:
    """Where `secret` stands in `text` and is not a part of some longer word, nor a key or a variable.

    What looks like a name of Ansible's is only taken for the secret where it is quoted or stands alone.
    """
    stands_here = _stands_alone if _NAME.fullmatch(secret) else _stands_apart
    at = text.find(secret)
    while at >= 0:
        end = at + len(secret)
        if stands_here(text, at, end):
            yield at
        at = text.find(secret, end)


def _stands_apart(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return not (before.isalnum() and text[start].isalnum()) and not (
        after.isalnum() and text[end - 1].isalnum()
    )


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if before in ("'", '"') and after == before:
        return not _KEY_AFTER.match(text, end + 1)
    return before in (" ", "\t", "=") and _REST_BLANK.match(text, end) is not None


def _is_distinctive(secret: str) -> bool:
    """Whether `secret` can be told from ordinary words where it stands by itself."""
    return len(secret) >= 6 and not secret.isalpha() and n_changes(secret) >= 1
