"""A running server that tells a collector what it does, and one whose collector is not there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from support.collector import running
from support.light_bulb import StartEditor
from support.relay import relaying
from support.sessions import Session, Start

TEXT = "- name: Frobnicate the gnomes\n"
BODY = "ansible.builtin.group:\n    name: gnomes\n    state: present"
RULES = [{"match": "gnomes", "texts": [BODY]}]


def settings(home: Path, endpoint: str) -> None:
    (home / "config.toml").write_text(
        f'[tracing]\nenabled = true\nendpoint = "{endpoint}"\ntimeout_s = 1\n', encoding="utf-8"
    )


async def work(session: Session) -> None:
    uri = session.open("tasks/main.yml", TEXT)
    (item, *_) = await session.inline(uri, 0, len(TEXT) - 1)
    session.insert(uri, 2, 0, len(TEXT) - 1, str(item.insert_text))
    await session.accept(item)


@pytest.mark.asyncio
async def test_a_suggestion_and_its_acceptance_reach_the_collector(
    start: Start, home: Path, tmp_path: Path
) -> None:
    with running(tmp_path / "collector") as collector:
        settings(home, collector.endpoint)
        session = await start(rules=RULES)
        await work(session)
        await session.leave()
        spans = {span["name"]: span for span in collector.spans}
    root = spans["suggest task_body"]
    score = spans["evaluate acceptance"]
    assert score["trace"] == root["trace"]
    assert score["attributes"]["gen_ai.evaluation.score.label"] == "accepted"
    assert "gnomes" not in str(spans)


@pytest.mark.asyncio
async def test_a_collector_that_others_make_takes_it_and_hands_it_on(
    start: Start, home: Path, tmp_path: Path
) -> None:
    with (
        running(tmp_path / "collector") as collector,
        relaying(tmp_path / "relay", collector.endpoint) as endpoint,
    ):
        settings(home, endpoint)
        session = await start(rules=RULES)
        await work(session)
        await session.leave()
        for _ in range(200):
            spans = {span["name"]: span for span in collector.spans}
            if "evaluate acceptance" in spans and collector.metrics:
                break
            await asyncio.sleep(0.1)
        assert not [one for one in session.told if "takes no" in one]
    root, score = spans["suggest task_body"], spans["evaluate acceptance"]
    assert score["trace"] == root["trace"]
    assert score["attributes"]["gen_ai.evaluation.score.label"] == "accepted"
    (chat,) = [one for name, one in spans.items() if "gen_ai.request.model" in one["attributes"]]
    assert chat["parent"] == root["id"]
    assert root["resource"]["service.name"] == "chiron"
    assert any(name.startswith("gen_ai.client.") for name in collector.metrics)


@pytest.mark.asyncio
async def test_an_edit_that_was_asked_for_is_told_too(
    start_editor: StartEditor, home: Path, tmp_path: Path
) -> None:
    with running(tmp_path / "collector") as collector:
        settings(home, collector.endpoint)
        editor = await start_editor()
        uri = editor.open("tasks/main.yml", "---\n- name: List it\n  command: ls\n")
        await editor.resolve(await editor.action(uri, 2, "Write `command` as"))
        await editor.leave()
        names = [span["name"] for span in collector.spans]
    assert "suggest action" in names


@pytest.mark.asyncio
async def test_a_collector_that_is_not_there_is_told_once_and_suggestions_come_all_the_same(
    start: Start, home: Path
) -> None:
    settings(home, "http://127.0.0.1:9")
    session = await start(rules=RULES)
    await work(session)
    for _ in range(200):
        if any("takes no spans" in one for one in session.told):
            break
        await asyncio.sleep(0.1)
    uri = session.open("tasks/other.yml", TEXT)
    assert await session.inline(uri, 0, len(TEXT) - 1)
    assert len([one for one in session.told if "takes no spans" in one]) == 1
    assert len([line for line in session.log if "takes no spans" in line]) == 1
    assert not [line for line in session.log if "Traceback" in line or "opentelemetry" in line]
