"""A scripted model as judge, over a real endpoint's wire, its votes in a real log."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chiron.config import Settings
from chiron.flywheel.learned import scores
from chiron.flywheel.learned.gate import Linear
from chiron.judging.asking import VERSION, build, read
from chiron.judging.command import counted, run, show, train
from chiron.records import Capabilities, Event, EventKind, Source, SuggestionRecord
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_erasure import Selection
from chiron.store.feedback_queries import Filters
from chiron.store.feedback_votes import Vote, put_votes, votes
from support.logged import fate, label
from support.reviewing import keep

CHAT = Capabilities(chat=True, json_schema=True)
Bench = Callable[..., Settings]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A log of rows, and a scripted model as judge."""

    def make(rules: list[dict[str, Any]], *rows: SuggestionRecord | Event, **over: Any) -> Settings:
        script = tmp_path / "script.json"
        script.write_text(json.dumps({"rules": rules}), encoding="utf-8")
        settings = Settings(data_dir=tmp_path, cache_dir=tmp_path, model=f"fake:{script}", **over)
        with FeedbackLog(tmp_path / "feedback.sqlite") as log:
            keep(log, *rows)
        return settings

    return make


def open_log(settings: Settings) -> FeedbackLog:
    return FeedbackLog(settings.data_dir / "feedback.sqlite")


def says(verdict: str, **over: Any) -> dict[str, Any]:
    return {"texts": [json.dumps({"verdict": verdict, "reason": "Because."})], **over}


def judged(settings: Settings, n: int = 50) -> dict[str, Any]:
    return run(settings, n, origin="editor", tell=lambda _: None)


def test_a_vote_is_kept_apart_from_what_people_say(bench: Bench) -> None:
    settings = bench([says("wrong_value")], *fate("a", "kept"), label("a", "good"))
    done = judged(settings)
    assert (done["n_asked"], done["n_votes"]) == (1, 1)
    with open_log(settings) as log:
        (vote,) = log.ask(votes)
        assert (vote.suggestion_id, vote.label, vote.reason) == ("a", "wrong_value", "Because.")
        assert (vote.judge, vote.prompt_version) == (done["judge"], VERSION)
        history = log.show("a")
        assert history is not None
        assert history.suggestion.derived.label == "good"
        assert [one.kind for one in history.events if one.kind is EventKind.LABELLED] == [EventKind.LABELLED]


def test_nothing_is_judged_twice_and_labelled_ones_come_first(bench: Bench) -> None:
    settings = bench([says("good")], *fate("a", "kept"), *fate("b", "refused"), label("b", "style"))
    judged(settings, 1)
    with open_log(settings) as log:
        assert [one.suggestion_id for one in log.ask(votes)] == ["b"]
    assert judged(settings)["n_asked"] == 1
    assert judged(settings)["n_asked"] == 0


def test_what_nobody_saw_and_what_is_excluded_is_not_sent(bench: Bench) -> None:
    settings = bench(
        [says("good")],
        *fate("a", "not_seen"),
        *fate("b", "open"),
        *fate("c", "kept", origin="cli"),
        *fate("d", "kept", uri="file:///home/me/secret.yml"),
        feedback={"exclude": ["secret.yml"]},
    )
    done = judged(settings)
    assert (done["n_asked"], done["n_excluded"]) == (0, 1)


def test_the_judge_sees_the_place_and_not_what_became_of_it(bench: Bench) -> None:
    rows = list(fate("a", "refused"))
    record = rows[0]
    assert isinstance(record, SuggestionRecord)
    asked = build(record, None, CHAT)
    assert "  - name: Install nginx\n>   ansible.builtin.package:\n>     name: nginx" in asked.prompt
    for words in ("rejected", "refused", "outcome", "label"):
        assert words not in asked.prompt
    assert "wrong_module: Another module does this." in asked.system
    assert asked.json_schema is not None


def test_a_model_that_only_continues_text_is_held_to_the_verdicts_names() -> None:
    record = next(iter(fate("a", "kept")))
    assert isinstance(record, SuggestionRecord)
    asked = build(record, None, Capabilities(completions=True, grammar=True))
    assert asked.grammar is not None
    assert '"invented"' in asked.grammar
    assert asked.prompt.endswith("The verdict is: ")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ('{"verdict": "good", "reason": "Fine."}', ("good", "Fine.")),
        ('Well:\n```json\n{"verdict": "style", "reason": ""}\n```', ("style", "")),
        ('{"verdict": "great"} {"verdict": "good"}', ("good", "")),
        ("invented", ("invented", "")),
        (" Wrong module.", ("wrong_module", "")),
        ("This is not good at all.", None),
        ('{"verdict": "great"}', None),
        ('{"verdict": 5}', None),
        ("", None),
    ],
)
def test_only_an_answer_that_names_a_verdict_is_one(answer: str, found: tuple[str, str] | None) -> None:
    assert read(answer) == found


def test_a_reason_is_kept_without_secrets() -> None:
    found = read('{"verdict": "unsafe", "reason": "password: hunter2hunter2x stands there"}')
    assert found is not None
    assert "hunter2" not in found[1]


def test_garbled_answers_are_counted_and_a_dead_judge_is_left_alone(bench: Bench) -> None:
    rows = [row for name in "abcdef" for row in fate(name, "kept")]
    settings = bench([{"texts": ["no idea"], "times": 2}, {"fault": "500"}], *rows)
    done = judged(settings)
    assert (done["n_garbled"], done["n_votes"]) == (2, 0)
    assert done["n_asked"] == 5
    assert done["trouble"]


def check_counted(settings: Settings, n: int, agreeing: int) -> dict[str, Any]:
    """A log of `n` labelled suggestions of which a judge says the same of `agreeing`; and one unlabelled."""
    given = ("good", "wrong_module", "invented")
    with open_log(settings) as log:
        for number in range(n):
            said = given[number % 3]
            keep(log, *fate(f"s{number}", "kept"), label(f"s{number}", said))
            vote = said if number < agreeing else given[(number + 1) % 3]
            log.change(partial(put_votes, votes=[Vote(f"s{number}", "j", VERSION, 1, vote)]))
        keep(log, *fate("new", "kept"))
        log.change(partial(put_votes, votes=[Vote("new", "j", VERSION, 1, "style")]))
        (one,) = show(log, settings.data_dir / "scores.json")["judges"]
        assert one["counts"] == bool(counted(log))
        assert isinstance(one, dict)
        return one | {"counted": dict(counted(log))}


def test_votes_count_only_while_the_judge_agrees(bench: Bench) -> None:
    found = check_counted(bench([]), 90, 88)
    assert found["counted"] == {"new": "style"}
    assert found["agreement"]["alpha"] > 0.9


@pytest.mark.parametrize(("n", "agreeing", "words"), [(90, 55, "as low as"), (12, 12, "18 more")])
def test_a_judge_that_does_not_surely_agree_is_ignored_and_told_why(
    bench: Bench, n: int, agreeing: int, words: str
) -> None:
    found = check_counted(bench([]), n, agreeing)
    assert found["counted"] == {}
    assert words in found["said"]


def test_erasing_a_suggestion_erases_its_votes(bench: Bench) -> None:
    settings = bench([says("good")], *fate("a", "kept"), *fate("b", "kept"))
    judged(settings)
    with open_log(settings) as log:
        log.delete(Selection(suggestion_id="a"))
        assert [one.suggestion_id for one in log.ask(votes)] == ["b"]
        log.change(lambda c: put_votes(c, [Vote("a", "j", VERSION, 1, "good")]))
        assert [one.suggestion_id for one in log.ask(votes)] == ["b"]


def trainable(n: int) -> list[SuggestionRecord | Event]:
    """Suggestions that people call invented where they name variables nobody knows, else good."""
    rows: list[SuggestionRecord | Event] = []
    for number in range(n):
        invents = number % 3 == 0
        text = "\n  ansible.builtin.package:\n    name: " + (
            '"{{ nobody_knows_it }}"' if invents else "nginx"
        )
        over = {"text": text, "source": Source.MODEL, "model": "m", "uri": f"file:///x/{number % 12}.yml"}
        rows += [*fate(f"t{number}", "kept", **over), label(f"t{number}", "invented" if invents else "good")]
    return rows


def test_scores_stay_off_until_there_are_enough_verdicts(bench: Bench) -> None:
    settings = bench([], *trainable(30))
    found = train(settings)
    assert not found["hallucination"]["on"]
    assert found["hallucination"]["missing"] == "70 verdicts, 5 that say yes"
    record = next(iter(fate("a", "kept")))
    assert isinstance(record, SuggestionRecord)
    assert scores.from_json((settings.data_dir / "scores.json").read_text(encoding="utf-8")).of(record) == {}


def test_scores_tell_what_they_were_taught_apart(bench: Bench) -> None:
    settings = bench([], *trainable(150))
    found = train(settings)
    assert found["hallucination"]["on"]
    assert found["hallucination"]["auc"] > 0.95
    learned = scores.from_json((settings.data_dir / "scores.json").read_text(encoding="utf-8"))
    with open_log(settings) as log:
        rows = {row.record.id: row for row in log.suggestions(1_000, Filters())}
    made_up, fine = (learned.of(rows[name].record) for name in ("t0", "t1"))
    assert made_up["hallucination"] > 0.5 > fine["hallucination"]
    assert made_up["relevance"] < fine["relevance"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 9}', '{"format": 1, "hallucination": {"linear": {}}}']
)
def test_a_file_of_scores_that_is_none_gives_none(text: str) -> None:
    assert scores.from_json(text) == scores.Scores()


def test_what_is_written_is_what_is_read() -> None:
    linear = Linear(0.5, dict.fromkeys(scores.SIGNS, 0.25))
    kept = scores.Scores(scores.Score(linear, 200, 30, 0.8), None, 5)
    assert scores.from_json(scores.to_json(kept)) == kept


def test_the_command_line_runs_and_shows(bench: Bench, environ: dict[str, str]) -> None:
    settings = bench([says("good")], *fate("a", "kept"), label("a", "good"))
    over = environ | {"CHIRON_DATA_DIR": str(settings.data_dir), "CHIRON_MODEL": settings.model}

    def chiron(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "chiron", "judge", *arguments],
            env=over, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    assert "1 votes of 1 asked" in chiron("run")
    assert json.loads(chiron("show", "--json"))["judges"][0]["n_votes"] == 1
    assert "29 more suggestions" in chiron("show")
    assert "off, wants" in chiron("show")
    over["CHIRON_MODEL"] = "none"
    assert "No model is set" in chiron("run", code=3)
