"""What the review's tests share: a made-up log, a running review of it, and a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support import feedback_made
from support.reviewing import Review, browser_path, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def made_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 1,200 suggestions that nobody changes."""
    path = tmp_path_factory.mktemp("made") / "feedback.sqlite"
    feedback_made.write(path, 1200, labelled=0.05)
    return path


@pytest.fixture
def review(in_environ: dict[str, str]) -> Iterator[Review]:
    """A review of an empty log."""
    with running(in_environ) as one:
        yield one


@pytest.fixture
def full_review(in_environ: dict[str, str], made_log: Path) -> Iterator[Review]:
    """A review of a log with 1,200 suggestions."""
    data = Path(in_environ["CHIRON_DATA_DIR"])
    data.mkdir(parents=True)
    shutil.copy(made_log, data / "feedback.sqlite")
    with running(in_environ) as one:
        yield one


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium without a window.

    Playwright keeps an event loop running in this thread, so it ends with the module: a test that runs a
    loop of its own may come next.
    """
    path = browser_path()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        # Within a container the browser's own sandbox cannot be set up, and only our pages are opened.
        one = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield one
        one.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a review by its address in a browser of its own. What a page complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_one(review: Review, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(review.parts.keys.url())
        return page

    yield open_one
    for context in contexts:
        context.close()
    # A refusal that a test provokes; a check that a newer one takes the place of.
    expected = ("Failed to load resource", "htmx:sendAbort", "htmx:afterRequest")
    assert not [one for one in complaints if not one.startswith(expected)]
