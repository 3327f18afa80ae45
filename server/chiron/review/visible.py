"""Text of files and models as text: what a browser would act on, or not show at all, is made visible."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from markupsafe import Markup, escape

#: Longer texts are shown without colours: a lexer may be slow on what nobody writes.
_MOST_COLOURED = 20_000
#: Pygments' kinds of tokens, most special first, as the style sheet's classes.
_CLASSES = (
    ("Comment", "y-comment"),
    ("Name.Tag", "y-key"),
    ("Literal.String", "y-text"),
    ("Literal.Scalar", "y-text"),
    ("Literal.Number", "y-number"),
    ("Name.Constant", "y-number"),
    ("Keyword", "y-number"),
    ("Punctuation", "y-mark"),
)


def is_odd(character: str) -> bool:
    """Whether a character draws nothing, or moves or turns what stands round it.

    Control, format (which holds all of bidi), surrogate, private and unassigned characters, line and
    paragraph separators, and spaces that look like one. Line feeds and tabs are the text's own.
    """
    if " " <= character <= "~" or character in "\n\t":
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")


def visible(text: str) -> Markup:
    """`text` as HTML that shows every character of it, odd ones by their code point."""
    if text.isascii() and text.isprintable():
        return escape(text)
    return Markup("").join(_mark(one) if is_odd(one) else escape(one) for one in text)


def plain(text: str) -> str:
    """The same for attributes and titles, where no markup can be."""
    return "".join(f"[{_code(one)}]" if is_odd(one) else one for one in text)


def lines(text: str) -> list[Markup]:
    """The lines of a YAML text, coloured, each as HTML."""
    if len(text) > _MOST_COLOURED:
        return [visible(line) for line in text.split("\n")]
    found: list[list[Markup]] = [[]]
    for name, value in _tokens(text):
        for number, part in enumerate(value.split("\n")):
            if number:
                found.append([])
            if part:
                shown = visible(part)
                found[-1].append(Markup('<span class="{}">{}</span>').format(name, shown) if name else shown)
    return [Markup("").join(parts) for parts in found]


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Pieces of `text`, which joined are `text`, each with its class or ""."""
    from pygments.lexers.data import YamlLexer

    # `get_tokens` would change line ends and strip; what is shown must be what is there.
    for _, kind, value in YamlLexer().get_tokens_unprocessed(text):
        yield _class(str(kind).removeprefix("Token.")), value


@lru_cache(maxsize=256)
def _class(kind: str) -> str:
    return next((name for start, name in _CLASSES if kind.startswith(start)), "")


def _mark(character: str) -> Markup:
    name = unicodedata.name(character, "")
    return Markup('<span class="odd" title="{}">{}</span>').format(name or "no name", _code(character))


def _code(character: str) -> str:
    return {"\x1b": "ESC", "\x00": "NUL", "\x07": "BEL", "\r": "CR"}.get(character, f"U+{ord(character):04X}")
