"""What was learned, on its way through a request: recalled, rated, shown to a model, held back, drawn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.config import Settings
from chiron.flywheel.learned.booking import base_confidence
from chiron.flywheel.learned.draw import NOTHING, Learned
from chiron.flywheel.learned.gate import AFTER, BEFORE, Gate, Linear
from chiron.flywheel.learned.ledger import Ledger
from chiron.flywheel.learned.pool import Pool, build_pool
from chiron.models.fake import Rule, ScriptedModel
from chiron.records import Answer, Origin, Outcome, Place, Position, Trigger
from chiron.store.feedback_lessons import Lesson
from chiron.store.feedback_rows import Derived, SuggestionRow
from chiron.suggest.model.consult import Consultant
from chiron.suggest.pipeline import Suggester
from chiron.suggest.place import request_at
from chiron.suggest.recall import Recall
from chiron.suggest.record import to_records
from chiron.syntax.document import Document
from support.outcomes import DAY_MS, NOON_MS, lesson

#: A task like no other, so that nothing else is near.
NAME = "Frobnicate the gnomes of the garden"
BODY = "ansible.builtin.group:\n  name: gnomes\n  gid: 4711"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog.open(Settings(), tmp_path_factory.mktemp("nothing"), {})


def gate(before: float = 5.0, after: float = 5.0) -> Gate:
    """A gate that gives everything these log-odds."""
    return Gate(Linear(before, dict.fromkeys(BEFORE, 0.0)), Linear(after, dict.fromkeys(AFTER, 0.0)), 1, 1, 0)


@dataclass
class Bench:
    """A suggester in a workspace, with what was learned there."""

    catalog: Catalog
    root: Path
    lessons: list[Lesson] = field(default_factory=list)
    learned: Learned = NOTHING
    model: ScriptedModel | None = None
    rates: bool = True

    def pool(self) -> Pool:
        pool = build_pool(
            self.lessons,
            now_ms=NOON_MS + DAY_MS,
            workspace=str(self.root),
            shared=True,
            half_life_days=30,
            resolve=self.catalog.resolve,
            is_valid=lambda _text: True,
        )
        return pool if self.rates else replace(pool, ledger=Ledger())

    async def ask(
        self, name: str, trigger: Trigger = Trigger.AUTOMATIC, *, above: str = "", least: float = 0.0
    ) -> Answer:
        learned = replace(self.learned, pool=self.pool())
        suggester = Suggester(
            catalog=self.catalog,
            recall=Recall(self.catalog),
            consultant=Consultant(self.model, None, life_s=60, nothing_s=60) if self.model else None,
            threshold=0.99,
            patience_ms=60_000,
            least_confidence=least,
            learned=lambda _workspace: learned,
        )
        path = self.root / "roles" / "garden" / "tasks" / "main.yml"
        text = f"---\n{above}- name: {name}\n"
        document = Document(path.as_uri(), text, 1)
        at = Position(text.count("\n") - 1, len(f"- name: {name}"))
        place = Place(document.uri, str(path), 1, str(self.root))
        request = request_at(document, at, place, origin=Origin.EDITOR, trigger=trigger, n=3)
        assert request is not None
        project = Project(self.root, self.catalog)
        project.refresh()
        self.request = request
        return await suggester.suggest(request, project)


@pytest.fixture
def bench(catalog: Catalog, tmp_path: Path) -> Bench:
    (tmp_path / "roles").mkdir()
    return Bench(catalog, tmp_path)


def accepted(number: int = 1, **more: object) -> Lesson:
    values: dict[str, object] = {
        "name": NAME,
        "body": BODY,
        "uri": "file:///srv/other/tasks/main.yml",
        **more,
    }
    return lesson(number, **values)  # type: ignore[arg-type]  # by name


def grounds(answer: Answer) -> str:
    return " ".join(f"{ground.kind} {ground.detail}" for ground in answer.suggestions[0].grounds)


async def test_what_was_accepted_is_recalled_and_says_so(bench: Bench) -> None:
    before = await bench.ask(NAME)
    assert "4711" not in "".join(one.text for one in before.suggestions)
    bench.lessons = [accepted(7)]
    answer = await bench.ask(NAME)
    assert "gid: 4711" in answer.suggestions[0].text
    assert "accepted by you on 15 June 2026 (suggestion s0007)" in grounds(answer)


async def test_the_log_says_what_was_learned_and_drawn(bench: Bench) -> None:
    plain = await bench.ask(NAME)
    assert (plain.arm, plain.propensity) == ("default", 1.0)
    bench.lessons, bench.learned = [accepted()], Learned(control_share=0.2)
    answer = await bench.ask(NAME)
    rows = to_records(bench.request, answer, 1)
    drawn = (answer.arm, answer.propensity)
    # By the file's place, which is another one in each run; without what was learned nothing is suggested.
    assert drawn in {("learned", 0.8), ("control", 0.2)}
    assert [(row.arm, row.propensity) for row in rows] == [drawn] * len(rows)
    assert rows or answer.arm == "control"
    assert answer.pool_version.endswith(bench.pool().version) or answer.arm == "control"


async def test_the_share_drawn_to_go_without_is_answered_as_if_nothing_had_been_learned(bench: Bench) -> None:
    bench.lessons, bench.learned = [accepted()], Learned(control_share=1.0, gate=gate(-9, -9))
    answer = await bench.ask(NAME)
    assert answer.arm == "control"
    assert "accepted by you" not in "".join(g.detail for one in answer.suggestions for g in one.grounds)
    assert not {"unlikely-wanted", "unlikely-kept"} & {one.reason for one in answer.withheld}


async def test_what_stands_in_the_file_now_goes_before_what_was_accepted_there(bench: Bench) -> None:
    path = bench.root / "roles" / "garden" / "tasks" / "main.yml"
    bench.lessons = [accepted(uri=path.as_uri())]
    path.parent.mkdir(parents=True)
    path.write_text(
        f"- name: {NAME}\n  ansible.builtin.group:\n    name: gnomes\n    gid: 1\n", encoding="utf-8"
    )
    above = "- name: Say hello\n  ansible.builtin.debug:\n    msg: hello\n\n"
    answer = await bench.ask("Frobnicate the gnomes of the wood", above=above)
    assert "4711" not in "".join(one.text for one in answer.suggestions)


async def test_what_was_refused_again_and_again_is_rated_lower(bench: Bench) -> None:
    bench.lessons = [accepted()]
    surest = (await bench.ask(NAME)).suggestions[0]
    refused = [
        accepted(n, outcome=Outcome.REJECTED, name=f"Frobnicate gnome {n}", body=BODY.replace("4711", str(n)))
        for n in range(2, 12)
    ]
    bench.lessons = [accepted(), *refused]
    rated = next(one for one in (await bench.ask(NAME)).suggestions if one.text == surest.text)
    assert rated.confidence < surest.confidence - 0.1
    assert "of 11 with this module were kept" in " ".join(ground.detail for ground in rated.grounds)


def refusals() -> list[Lesson]:
    """The same refused again and again, under other names and with other values."""
    return [
        accepted(n, outcome=Outcome.REJECTED, name=f"Frobnicate gnome {n}", body=BODY.replace("4711", str(n)))
        for n in range(2, 40)
    ]


async def test_what_was_learned_chooses_and_does_not_silence(bench: Bench) -> None:
    bench.lessons = [accepted(), *refusals()]
    bench.rates = False
    sure = (await bench.ask(NAME)).suggestions[0].confidence
    bench.rates = True
    assert (await bench.ask(NAME)).suggestions[0].confidence < sure - 0.1
    least = round(sure - 0.01, 3)
    assert [one.confidence for one in (await bench.ask(NAME, least=least)).suggestions] == [least]


async def test_what_a_suggestion_was_rated_before_is_told_from_its_row(bench: Bench) -> None:
    """Else what was learned would be learned from, and the next time nothing would be left to learn."""
    bench.lessons = [accepted(), *refusals()]
    bench.rates = False
    plain = (await bench.ask(NAME)).suggestions[0].confidence
    bench.rates = True
    answer = await bench.ask(NAME)
    row = next(row for row in to_records(bench.request, answer, 1) if "4711" in row.text)
    assert row.confidence != plain
    assert base_confidence(SuggestionRow(row, Derived())) == plain


async def test_a_model_is_shown_what_was_accepted(bench: Bench) -> None:
    bench.model = ScriptedModel([Rule(texts=("ansible.builtin.group:\n    name: gnomes",))])
    bench.lessons = [accepted()]
    await bench.ask("Frobnicate the gnomes of the wood")
    assert "gid: 4711" in bench.model.calls[0].prompt


async def test_nothing_is_shown_where_nothing_is_wanted_and_no_model_is_asked(bench: Bench) -> None:
    bench.model = ScriptedModel([Rule(texts=("ansible.builtin.group:\n    name: gnomes",))])
    bench.lessons, bench.learned = [accepted()], Learned(gate=gate(before=-9))
    answer = await bench.ask(NAME)
    assert (answer.suggestions, answer.silence) == ((), "unlikely-wanted") or answer.silence == "all-withheld"
    held = next(one for one in answer.withheld if one.reason == "unlikely-wanted")
    assert "4711" in held.text, "what could have been shown is kept, to judge the gate by"
    assert held.confidence > 0
    assert bench.model.n_calls == 0


async def test_what_is_unlikely_to_be_kept_is_held_back(bench: Bench) -> None:
    bench.lessons, bench.learned = [accepted()], Learned(gate=gate(after=-9))
    answer = await bench.ask(NAME)
    assert answer.suggestions == ()
    held = next(one for one in answer.withheld if one.reason == "unlikely-kept")
    assert "4711" in held.text


async def test_a_person_who_asks_is_answered(bench: Bench) -> None:
    bench.lessons, bench.learned = [accepted()], Learned(gate=gate(-9, -9))
    assert (await bench.ask(NAME, Trigger.INVOKED)).suggestions


async def test_where_nothing_could_be_shown_nothing_is_held_back(bench: Bench) -> None:
    bench.learned = Learned(gate=gate(before=-9))
    answer = await bench.ask(NAME, least=1.0)
    assert "unlikely-wanted" not in {one.reason for one in answer.withheld}
