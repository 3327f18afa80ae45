"""The pages in a real browser: every key, ten thousand rows, two windows, an ended review, hostile text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chiron.review.verdicts import VERDICTS
from support import feedback_made
from support.reviewing import Review, keep, running, suggestion

if TYPE_CHECKING:
    from playwright.sync_api import Page

OpenPage = Callable[..., "Page"]

WRITTEN = "- name: Written by hand\n  ansible.builtin.file:\n    path: /x\n    state: directory\n"
BODY = "\n  ansible.builtin.file:\n    path: /x\n    state: touch"


@pytest.fixture
def few(review: Review) -> Review:
    """A review of twelve suggestions, s0 the youngest."""
    for number in range(12):
        name = f"Task number {number}"
        context = f"---\n- name: {name}\n"
        keep(
            review.log,
            suggestion(
                id=f"s{number}", request_id=f"r{number}", at_ms=1_780_000_000_000 - number * 60_000,
                task_name=name, text=BODY, context=context, context_at=len(context) - 1, line=1,
                module="ansible.builtin.file", sent=f"prompt of {number}",
            ),
        )  # fmt: skip
    return review


def until(page: Page, holds: str, arg: object = None) -> None:
    """Waits for what a function of the page says. Playwright's own waiting needs `eval`, which we forbid."""
    for _ in range(300):
        if page.evaluate(holds, arg):
            return
        page.wait_for_timeout(50)
    raise AssertionError(holds)


def chosen(page: Page) -> str:
    """The id of the suggestion whose card is shown, once it is the chosen row's."""
    until(
        page,
        "() => document.querySelector('article')?.dataset.id"
        " === document.querySelector('.row[aria-selected=true]')?.dataset.id",
    )
    return str(page.locator("article").get_attribute("data-id"))


def wait_for_choice(page: Page, wanted: str) -> None:
    page.wait_for_selector(f'.row[data-id="{wanted}"][aria-selected="true"]')
    assert chosen(page) == wanted


def go(page: Page, review: Review, path: str) -> Page:
    page.goto(review.origin + path)
    page.wait_for_selector("article")
    return page


def test_every_verdict_has_its_key_and_the_next_suggestion_follows(few: Review, open_page: OpenPage) -> None:
    page = go(open_page(few), few, "/search")
    for number, verdict in enumerate(VERDICTS):
        wait_for_choice(page, f"s{number}")
        page.keyboard.press(verdict.key)
        wait_for_choice(page, f"s{number + 1}")
        assert few.label_of(f"s{number}") == verdict.label
        assert page.locator(f'.row[data-id="s{number}"] .verdict').inner_text() == verdict.words


def test_a_verdict_is_taken_back_with_z_as_often_as_one_was_given(few: Review, open_page: OpenPage) -> None:
    page = go(open_page(few), few, "/search")
    for number in range(3):
        wait_for_choice(page, f"s{number}")
        page.keyboard.press("g")
    wait_for_choice(page, "s3")
    for number in (2, 1, 0):
        page.keyboard.press("z")
        wait_for_choice(page, f"s{number}")
        until(page, "() => !document.body.classList.contains('saving')")
        assert few.label_of(f"s{number}") is None
    page.keyboard.press("z")
    page.wait_for_selector("#toast.on >> text=nothing to take back")


def test_the_keys_move_skip_unfold_and_lead_to_the_other_pages(few: Review, open_page: OpenPage) -> None:
    page = go(open_page(few), few, "/search")
    wait_for_choice(page, "s0")
    for key, wanted in (("j", "s1"), ("ArrowDown", "s2"), ("k", "s1"), ("ArrowUp", "s0"), (" ", "s1")):
        page.keyboard.press(key)
        wait_for_choice(page, wanted)
    assert few.label_of("s0") is None
    page.keyboard.press("w")
    page.wait_for_selector("text=prompt of 1")
    page.keyboard.press("t")
    assert page.locator("details#events").get_attribute("open") is not None
    page.keyboard.press("?")
    page.wait_for_selector("dialog#help[open]")
    page.keyboard.press("g")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog#help", state="hidden")
    assert few.label_of("s1") is None
    page.keyboard.press("/")
    page.keyboard.type("number 7")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=number+7")
    assert chosen(page) == "s7"
    for key, path in (("1", "/"), ("2", "/queue"), ("3", "/search")):
        page.keyboard.press(key)
        page.wait_for_url(few.origin + path)


def test_a_key_held_down_gives_one_verdict(few: Review, open_page: OpenPage) -> None:
    page = go(open_page(few), few, "/search")
    wait_for_choice(page, "s0")
    for _ in range(5):
        page.keyboard.down("g")
    page.keyboard.up("g")
    wait_for_choice(page, "s1")
    assert few.label_of("s1") is None


def test_a_correction_is_typed_in_place_checked_and_saved_with_keys_alone(
    few: Review, open_page: OpenPage
) -> None:
    page = go(open_page(few), few, "/search")
    wait_for_choice(page, "s0")
    page.keyboard.press("e")
    page.wait_for_selector("text=The validator has nothing against it")
    page.keyboard.press("Control+End")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    page.keyboard.type("mode: wide open: x")
    page.wait_for_selector("#check >> text=line 5")
    page.keyboard.press("Shift+Home")
    page.keyboard.type('    mode: "0600"')
    page.wait_for_selector("[data-speaks=wrong_option]")
    page.keyboard.press("Control+Enter")
    wait_for_choice(page, "s1")
    history = few.log.show("s0")
    assert history is not None
    data = history.events[-1].data
    assert data["label"] == "wrong_option"
    assert data["correction"].endswith('state: touch\n    mode: "0600"')
    assert data["correction_valid"] is True


def test_what_was_typed_stays_when_the_verdict_is_another(few: Review, open_page: OpenPage) -> None:
    page = go(open_page(few), few, "/search")
    page.keyboard.press("e")
    page.wait_for_selector("textarea:focus")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(WRITTEN)
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    wait_for_choice(page, "s1")
    page.keyboard.press("k")
    wait_for_choice(page, "s0")
    assert page.locator("textarea").input_value() == WRITTEN
    assert few.label_of("s0") == "not_needed"


def test_what_was_typed_stays_though_another_row_or_the_same_is_chosen(
    few: Review, open_page: OpenPage
) -> None:
    page = go(open_page(few), few, "/search")
    wait_for_choice(page, "s0")
    page.keyboard.press("e")
    page.wait_for_selector("textarea:focus")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(WRITTEN)
    page.locator('.row[data-id="s0"]').click()
    page.wait_for_timeout(300)
    assert page.locator("textarea").is_visible()
    assert page.locator("textarea").input_value() == WRITTEN
    page.locator('.row[data-id="s1"]').click()
    wait_for_choice(page, "s1")
    assert not page.locator("textarea").is_visible()
    page.locator('.row[data-id="s0"]').click()
    wait_for_choice(page, "s0")
    assert page.locator("textarea").is_visible()
    assert page.locator("textarea").input_value() == WRITTEN
    page.keyboard.press("n")
    wait_for_choice(page, "s1")
    history = few.log.show("s0")
    assert history is not None
    assert history.events[-1].data["correction"] == WRITTEN


def test_two_windows_lose_none_of_each_others_verdicts(few: Review, open_page: OpenPage) -> None:
    first = go(open_page(few), few, "/search")
    second = go(first.context.new_page(), few, "/search")
    wait_for_choice(first, "s0")
    wait_for_choice(second, "s0")
    first.keyboard.press("g")
    wait_for_choice(first, "s1")
    second.wait_for_selector('.row[data-id="s0"] .verdict >> text=Good')
    # Now one window that hears nothing of the other.
    second.evaluate("window.BroadcastChannel.prototype.postMessage = () => {}")
    second.keyboard.press("j")
    wait_for_choice(second, "s1")
    second.keyboard.press("s")
    wait_for_choice(second, "s2")
    wait_for_choice(first, "s1")
    first.keyboard.press("v")
    first.wait_for_selector("#trouble >> text=Another window has said “Style”")
    assert few.label_of("s1") == "style"
    first.keyboard.press("v")
    wait_for_choice(first, "s2")
    assert (few.label_of("s0"), few.label_of("s1")) == ("good", "wrong_value")
    history = few.log.show("s1")
    assert history is not None
    assert [event.data["label"] for event in history.events] == ["style", "wrong_value"]


def test_deleting_says_what_goes_and_takes_it_off_the_list(few: Review, open_page: OpenPage) -> None:
    page = go(open_page(few), few, "/search")
    wait_for_choice(page, "s0")
    page.keyboard.press("d")
    page.wait_for_selector("dialog[open] >> text=1 suggestion")
    page.get_by_role("button", name="Keep everything").click()
    page.wait_for_selector("#dialog", state="hidden")
    page.keyboard.press("d")
    page.get_by_role("button", name="Delete 1 suggestion").click()
    page.wait_for_selector("[data-erased]")
    page.get_by_role("button", name="Done").click()
    page.wait_for_selector("text=11 found")
    assert few.log.show("s0") is None
    wait_for_choice(page, "s1")
    page.keyboard.press("d")
    page.get_by_role("button", name="everything of this file").click()
    page.wait_for_selector("dialog[open] >> text=Delete 11 suggestions")


def test_an_address_opens_once_and_says_so(few: Review, open_page: OpenPage) -> None:
    page = open_page(few)
    assert page.url == f"{few.origin}/"
    page.goto(few.parts.keys.url())
    assert page.url == f"{few.origin}/"
    page.context.clear_cookies()
    page.goto(few.parts.keys.url())
    assert "opened already" in page.inner_text("body")


def test_a_verdict_for_a_review_that_ended_is_not_taken_for_saved(
    few: Review, open_page: OpenPage, in_environ: dict[str, str]
) -> None:
    page = go(open_page(few), few, "/search")
    wait_for_choice(page, "s0")
    page.context.clear_cookies()
    page.keyboard.press("g")
    page.wait_for_selector("#trouble >> text=Not saved")
    assert chosen(page) == "s0"
    assert few.label_of("s0") is None
    assert page.locator(".row[data-label]").count() == 0


def test_hostile_text_is_shown_and_does_nothing(review: Review, open_page: OpenPage) -> None:
    hostile = (
        "<script>window.taken=1</script><img src=x onerror='window.taken=1'>"
        "\x1b[31m\u202egnp.exe\u2066 \u200b{{7*7}}</textarea></pre>"
    )
    text = f"\n  {hostile}:\n    {hostile}"
    keep(
        review.log,
        suggestion(
            id="h", task_name=hostile, text=text, context=f"# {hostile}\n- name: x\n", context_at=3,
            sent=hostile, model=hostile, module=hostile, arm=hostile, uri=f"file:///tmp/{hostile}",
        ),
    )  # fmt: skip
    page = go(open_page(review), review, "/search")
    for key in ("w", "t", "e"):
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    page.wait_for_selector("#check p, #check li")
    page.keyboard.press("d")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    go(page, review, "/suggestion/h")
    assert "<script>window.taken=1</script>" in page.inner_text("h2")
    assert page.locator("h2 .odd").all_inner_texts() == ["ESC", "U+202E", "U+2066", "U+200B"]
    page.goto(f"{review.origin}/?origin=any")
    assert page.locator("figure").count() > 3
    assert page.evaluate("window.taken") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_point_of_a_plot_opens_the_rows_behind_it(full_review: Review, open_page: OpenPage) -> None:
    page = open_page(full_review)
    point = page.locator("svg.plot a").nth(3)
    n = int(point.get_attribute("data-n") or 0)
    point.locator(".hit").click(position={"x": 3, "y": 2})
    page.wait_for_url("**/search?*")
    assert int(page.inner_text("#total")) == n
    assert page.locator(".chip").count() >= 3


def test_a_search_is_narrowed_saved_and_found_again(full_review: Review, open_page: OpenPage) -> None:
    page = go(open_page(full_review), full_review, "/search?strong=yes")
    before = int(page.inner_text("#total").replace(",", ""))
    page.select_option("select[name=label]", "-")
    page.wait_for_url("**label=-**")
    assert "strong=yes" in page.url
    assert int(page.inner_text("#total").replace(",", "")) < before
    page.fill(".save input[name=name]", "mine")
    page.keyboard.press("Enter")
    page.wait_for_selector(".chip >> text=mine")
    go(page, full_review, "/search")
    page.click(".chip >> text=mine")
    page.wait_for_url("**strong=yes**")
    page.click(".chip .drop")
    page.wait_for_selector(".chip .drop", state="detached")


def test_it_is_all_there_in_the_dark_and_on_a_narrow_screen(few: Review, open_page: OpenPage) -> None:
    page = go(open_page(few, color_scheme="dark"), few, "/search")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 26)"
    page.set_viewport_size({"width": 420, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    assert page.locator(".v").count() == len(VERDICTS)


@pytest.fixture
def many(in_environ: dict[str, str]) -> Iterator[Review]:
    """A review of ten thousand suggestions."""
    data = Path(in_environ["CHIRON_DATA_DIR"])
    data.mkdir(parents=True)
    feedback_made.write(data / "feedback.sqlite", 10_000)
    with ExitStack() as stack:
        yield stack.enter_context(running(in_environ))


def test_ten_thousand_rows_are_scrolled_to_their_end_each_once(many: Review, open_page: OpenPage) -> None:
    page = go(open_page(many), many, "/search")
    page.evaluate(
        """async () => {
            const list = document.querySelector("#list");
            while (document.querySelector("#list .more")) {
                list.scrollTop = list.scrollHeight;
                await new Promise((done) => requestAnimationFrame(done));
            }
        }"""
    )
    ids = page.eval_on_selector_all(".row", "rows => rows.map(row => row.dataset.id)")
    assert len(ids) == len(set(ids)) == 10_000
    page.eval_on_selector(".chunk:last-of-type .row:last-of-type", "row => row.click()")
    wait_for_choice(page, ids[-1])
    page.keyboard.press("k")
    wait_for_choice(page, ids[-2])


def test_a_queue_is_worked_through_with_one_key(many: Review, open_page: OpenPage) -> None:
    page = go(open_page(many), many, "/queue")
    left = int(page.inner_text("#left"))
    for _ in range(10):
        one = chosen(page)
        page.keyboard.press("g")
        page.wait_for_selector(f'.row[data-id="{one}"][data-label=good]')
        until(page, "one => document.querySelector('article').dataset.id !== one", one)
    assert int(page.inner_text("#left")) == left - 10
    assert many.n_found("label=good&q=") >= 10
