"""A review that is killed in the middle of labelling has kept everything that the page had confirmed."""

from __future__ import annotations

import http.client
import json
import signal
import threading
from pathlib import Path

import pytest

from chiron.records import EventKind
from chiron.review.verdicts import VERDICTS
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import Filters
from support import feedback_made
from support.reviewing import Window, review_process

#: Confirmed verdicts after which the review is killed, in the middle of others that are under way.
AFTER = (1, 7, 40)
N_WINDOWS = 3


@pytest.mark.parametrize("after", AFTER)
def test_every_verdict_that_was_confirmed_survives_kill_9(environ: dict[str, str], after: int) -> None:
    path = Path(environ["CHIRON_DATA_DIR"]) / "feedback.sqlite"
    feedback_made.write(path, 300, labelled=0.0)
    with FeedbackLog(path) as log:
        ids = [row.record.id for row in log.suggestions(300, Filters())]
    confirmed: dict[str, str] = {}
    enough = threading.Event()

    def work(window: Window, mine: list[str]) -> None:
        for number, one in enumerate(mine):
            label = VERDICTS[number % len(VERDICTS)].label
            try:
                status, text = window.ask("/label", id=one, label=label, seen=0, note=f"note {number}")
            except (OSError, http.client.HTTPException):
                return
            if status == 200 and json.loads(text)["label"] == label:
                confirmed[one] = label
            if len(confirmed) >= after:
                enough.set()

    with review_process(environ) as (process, url):
        first = Window(url)
        windows = [first, *(Window(url, first.cookie) for _ in range(N_WINDOWS - 1))]
        threads = [
            threading.Thread(target=work, args=(window, ids[number::N_WINDOWS]))
            for number, window in enumerate(windows)
        ]
        for thread in threads:
            thread.start()
        assert enough.wait(120)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for thread in threads:
            thread.join(60)
    with FeedbackLog(path) as log:
        for one, label in confirmed.items():
            history = log.show(one)
            assert history is not None
            assert history.suggestion.derived.label == label
            acts = [event for event in history.events if event.kind is EventKind.LABELLED]
            assert [act.data["note"].startswith("note") for act in acts] == [True]
        # What was under way is there whole or not at all.
        labelled = [row for row in log.suggestions(300, Filters()) if row.derived.label is not None]
        assert len(confirmed) <= len(labelled) <= len(confirmed) + N_WINDOWS
