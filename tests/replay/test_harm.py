"""A loop that makes things worse, through a real server: it is noticed, and ends by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from chiron.ansible.catalog import Catalog
from chiron.flywheel_view import flywheel_of
from chiron.learning import read_switch
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import Filters
from replay.person import Habits, Person
from replay.play import FIRST_MS, SECOND_MS, Lab, play
from replay.tasks import File, Wanted, files_of

ROLES = Path(__file__).parent.parent / "data" / "replay"
CALM = Habits(inattentive=0, hasty=0, picky=0, escapes=1, tasks_a_day=30, interruption=1)
#: What the same names mean in the second month, each time something else.
MODULES = ("hostname", "known_hosts")
PLACES = ("north", "south", "east")


class Wanderer(Person):
    """Somebody whose saved files are not read: what is shown is what was learned, or what all know."""

    async def _ask(self, what: str, **params: Any) -> Any:
        return None if what == "read" else await super()._ask(what, **params)


def contrary(task: Wanted, round_: int, number: int) -> Wanted:
    """A task of that name that is another one."""
    margin = " " * (len(task.name_line) - len(task.name_line.lstrip()) + 2)
    body = f"{margin}ansible.builtin.{MODULES[round_]}:\n{margin}  name: something{round_}x{number}"
    return replace(task, id=f"{round_}/{task.id}", body=body)


def month() -> list[File]:
    """The tasks of six roles, in several places, by names of their own."""
    return [
        replace(
            file,
            path=file.path.replace("roles/", f"roles/{place}_", 1),
            tasks=tuple(
                replace(task, id=f"{place}/{task.id}", name_line=f"{task.name_line} in the {place}")
                for task in file.tasks
            ),
        )
        for place in PLACES
        for file in files_of(ROLES, 8)
    ]


def contrary_month() -> list[File]:
    return [
        replace(
            file,
            path=file.path.replace("roles/", f"roles/round{round_}_", 1),
            tasks=tuple(contrary(task, round_, number) for number, task in enumerate(file.tasks)),
        )
        for round_ in range(len(MODULES))
        for file in month()
    ]


def test_learning_that_is_refused_again_and_again_switches_itself_off(tmp_path: Path) -> None:
    lab = Lab(tmp_path, CALM)
    catalog = Catalog.open(lab.settings, None, {})
    frozen = {"CHIRON_LEARNING__ENABLED": "false"}
    asyncio.run(play(lab, month(), catalog, start_ms=FIRST_MS, environ=frozen))
    asyncio.run(
        play(
            lab,
            contrary_month(),
            catalog,
            start_ms=SECOND_MS,
            root=tmp_path / "work" / "other",
            environ={
                "CHIRON_LEARNING__SHARED": "true",
                "CHIRON_LEARNING__CONTROL_SHARE": "0.4",
                "CHIRON_SUGGEST__LEAST_CONFIDENCE": "0.6",
            },
            who=Wanderer,
        )
    )
    why = read_switch(lab.settings)
    assert why.startswith("suggestions were worth -"), why
    assert " 0.00 without " in why
    assert flywheel_of(lab.settings)["off"] == why
    with FeedbackLog(lab.log) as log:
        rows = log.suggestions(10_000, Filters(since_ms=SECOND_MS))
    rows.sort(key=lambda row: row.record.at_ms)
    shown = [row for row in rows if row.record.withheld is None and row.record.arm == "learned"]
    assert len(shown) >= 15, "it was shown, and refused, until there was enough to tell"
    arms = [row.record.arm for row in rows]
    assert {"learned", "control"} <= set(arms[:200])
    assert set(arms[-50:]) == {"default"}, "and then nothing was learned from any longer"
