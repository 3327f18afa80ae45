"""Runs the review: takes a port on loopback, prints the address that opens it once, and serves until told."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from chiron.assemble import feedback_path, open_cache, open_catalog, open_feedback, scores_path
from chiron.config import Settings
from chiron.errors import ChironError
from chiron.flywheel.learned.scores import Scores, from_json
from chiron.records import Origin
from chiron.review.app import build_app
from chiron.review.corrections import Checker
from chiron.review.figured import Figured
from chiron.review.guard import Keys
from chiron.review.matches import Match, from_log
from chiron.review.parts import Parts
from chiron.review.projects import Projects
from chiron.review.saved import SavedSearches
from chiron.review.verdicts import Verdicts
from chiron.store.feedback_queries import Filters
from chiron.store.feedback_search import Search, count


def serve(
    settings: Settings,
    *,
    port: int,
    browser: bool,
    tell: Callable[[str], None],
    compared: Sequence[Match] = (),
) -> None:
    """Serves the review until it is interrupted. Raises `StoreError` where the log cannot be read.

    `port` 0 takes any that is free. With `browser` the address is opened as well as told. The arena compares
    what is given in `compared`, or else what the log holds.
    """
    listener = _listen(port)
    try:
        parts = open_parts(settings, listener.getsockname()[1], compared)
        n = parts.log.ask(lambda connection: count(connection, Search()))
        threading.Thread(target=_warm, args=(parts,), name="warm", daemon=True).start()
        tell(f"{n:,} suggestions are in the log. The review is at\n\n  {parts.keys.url()}\n")
        tell("The address opens once and for a quarter of an hour. Ctrl+C ends the review.")
        if browser:
            webbrowser.open(parts.keys.url())
        _run(parts, listener)
    finally:
        listener.close()


def open_parts(settings: Settings, port: int, compared: Sequence[Match] = ()) -> Parts:
    """What the pages work with, for a review that answers on `port`."""
    log = open_feedback(settings)
    now = datetime.now().astimezone()
    ahead = now.utcoffset()
    zone_ms = int(ahead.total_seconds() * 1000) if ahead else 0
    return Parts(
        log=log,
        verdicts=Verdicts(log),
        checker=Checker(lambda: open_catalog(settings, None), Projects(settings.feedback.exclude).facts),
        figured=Figured(log, feedback_path(settings), zone_ms),
        saved=SavedSearches(settings.data_dir / "searches.json"),
        keys=Keys(port),
        threshold=settings.suggest.recall_threshold,
        excluded=settings.feedback.exclude,
        open_cache=lambda: open_cache(settings),
        matches=lambda: compared or from_log(log, Origin.EDITOR),
        scores=_scores(scores_path(settings)),
        zone=now.tzinfo or UTC,
    )


def _scores(path: Path) -> Scores:
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except OSError:
        return Scores()


def _warm(parts: Parts) -> None:
    """Does, while the browser starts, what the first page and the first check would wait for."""
    try:
        parts.figured.of(Search(Filters(origin=Origin.EDITOR)))
        parts.checker.warm()
    except ChironError:
        # Whoever asks will be told.
        pass


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        # From here on whoever opens the address waits, and is not turned away.
        listener.listen()
    except OSError as error:
        listener.close()
        raise ChironError(
            f"The review cannot listen on port {port}: {error.strerror}.",
            advice="Name another port with --port, or none for any that is free.",
        ) from error
    return listener


def _run(parts: Parts, listener: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        build_app(parts),
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        limit_concurrency=64,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        # How a review is meant to end.
        pass
    finally:
        parts.log.close()
