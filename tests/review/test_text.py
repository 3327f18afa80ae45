"""Text is only text, wherever it comes from."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiron.review.visible import is_odd, lines, plain, visible
from support.reviewing import Review, keep, suggestion

HOSTILE = (
    "<script>document.title='taken'</script>",
    "<img src=x onerror=document.title='taken'>",
    "</textarea></pre></div><b>out</b>",
    "\x1b[31mred\x1b[0m\x07\x00",
    "user: \u202e\u2066gnp.exe\u2069",
    "zero\u200bwidth\ufeff and\u00a0space",
    "{{ 7 * 7 }}{% raw %}' \" & <",
    "line\rreturn",
)


def undone(shown: str) -> str:
    """HTML of ours without its tags: what a person reads."""
    return html.unescape(re.sub(r"<[^>]*>", "", shown))


@given(st.text(max_size=200))
def test_every_character_is_shown_and_none_is_markup(text: str) -> None:
    shown = str(visible(text))
    assert set(re.findall(r"<[^>]*>", shown)) <= {"</span>"} | set(
        re.findall(r'<span class="odd" title="[^"<>]*">', shown)
    )
    assert not any(is_odd(character) for character in shown)
    read = undone(shown)
    assert all(character in read for character in text if not is_odd(character))


@given(st.text(alphabet="ab: -#'\"{}%|>\n\t\x1b\u202e<&", max_size=120))
def test_colours_change_nothing_of_what_is_read(text: str) -> None:
    coloured = [undone(str(line)) for line in lines(text)]
    assert coloured == [undone(str(visible(line))) for line in text.split("\n")]


def test_what_moves_or_hides_is_named() -> None:
    assert "ESC" in visible("\x1b[2J")
    assert "RIGHT-TO-LEFT OVERRIDE" in visible("\u202e")
    assert "U+200B" in visible("a\u200bb")
    assert plain("a\u202eb") == "a[U+202E]b"
    assert visible("Grüße, 世界 — שלום") == "Grüße, 世界 — שלום"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_suggestion_is_text_on_every_page(review: Review, text: str) -> None:
    one = suggestion(
        task_name=text, text=text, context=text, context_at=len(text), sent=text, module=text, model=text,
        arm=text, withheld_detail=text, uri=f"file:///{text}", prompt_version=text,
    )  # fmt: skip
    keep(review.log, one)
    pages = ["/", "/?origin=any", "/queue", "/search", f"/card/{one.id}", f"/suggestion/{one.id}"]
    pages += [f"/delete?id={one.id}&what=file", "/search?q=%3Cscript%3E%1b%E2%80%AE&module=%3Cb%3E%22"]
    for path in pages:
        page = review.get(path)
        assert "<script>document" not in page
        assert "<img src=x" not in page
        assert "<b>out" not in page
        assert "49" not in re.findall(r">(49)<", page)
        # What stands in a field to be sent again must stay as it is.
        outside = re.sub(r"<textarea.*?</textarea>|<input[^>]*>", "", page, flags=re.DOTALL)
        odd = {one for one in outside if is_odd(one)}
        assert not odd, (path, odd)


def test_a_hostile_search_is_shown_as_text_and_saved_as_text(review: Review) -> None:
    assert review.post("/saved", name='"><script>x</script>', query="q=<b>").status == 200
    page = review.get("/search")
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    assert review.post("/saved", name="later", query="outcome=nonsense").status == 400
    assert review.post("/saved", name="  ", query="q=a").status == 400
