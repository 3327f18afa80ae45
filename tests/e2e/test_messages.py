"""What an editor that knows Chiron may ask, through a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pygls.exceptions import JsonRpcException

from support.sessions import Session, Start

TEXT = "---\n- name: Install curl\n  ansible.builtin.package:\n    name: curl\n    state: present\n\n"
NAME = "- name: Install nginx"
PATH = "roles/web/tasks/main.yml"
LINE = TEXT.count("\n")


def suggestion_id(item: Any) -> str:
    return str(item.command.arguments[0]["suggestionId"])


async def offered(session: Session) -> tuple[str, Any]:
    uri = session.open(PATH, TEXT + NAME)
    items = await session.inline(uri, LINE, len(NAME))
    assert items
    return uri, items[0]


async def refusal(session: Session, method: str, params: dict[str, Any]) -> str:
    try:
        await session.ask(method, params)
    except JsonRpcException as error:
        return str(error.message)
    return ""


async def test_why_tells_where_a_suggestion_came_from(start: Start) -> None:
    session = await start()
    _, item = await offered(session)
    why = await session.ask("chiron/why", {"suggestionId": suggestion_id(item)})
    assert why["source"] == "recall"
    assert why["module"] == "ansible.builtin.package"
    assert why["moduleAbout"] == "Generic OS package manager"
    assert "module" in {ground["kind"] for ground in why["grounds"]}
    assert why["stageMs"]
    assert await session.ask("chiron/why", {"suggestionId": "nobody"}) is None


async def test_why_without_an_id_is_the_last_accepted(start: Start) -> None:
    session = await start()
    assert await session.ask("chiron/why", {}) is None
    _, item = await offered(session)
    await session.accept(item)
    why = await session.ask("chiron/why", {})
    assert why["id"] == suggestion_id(item)
    assert why["outcome"] == "accepted"


async def test_paused_means_silent_here_or_everywhere(start: Start) -> None:
    session = await start()
    uri, _ = await offered(session)
    status = await session.ask("chiron/pause", {"paused": True, "scope": "everywhere"})
    assert status["state"] == "paused"
    assert await session.inline(uri, LINE, len(NAME)) == []
    await session.ask("chiron/pause", {"paused": False, "scope": "everywhere"})
    assert await session.inline(uri, LINE, len(NAME))
    await session.ask("chiron/pause", {"paused": True, "scope": uri})
    assert await session.inline(uri, LINE, len(NAME)) == []


async def test_alternatives_come_with_what_was_withheld(start: Start) -> None:
    rules = [{"match": "", "text": "ansible.builtin.package:\n    name: nginx\n    colour: red"}]
    session = await start(rules=rules, CHIRON_SUGGEST__PATIENCE_MS="60000")
    text = TEXT + "- name: Frobnicate the gnomes"
    uri = session.open(PATH, text)
    at = {"line": LINE, "character": len("- name: Frobnicate the gnomes")}
    answer = await session.ask("chiron/suggestAt", {"uri": uri, "position": at, "n": 3})
    assert "invalid" in {one["reason"] for one in answer["withheld"]}
    assert all(set(one) >= {"id", "text", "range", "module"} for one in answer["suggestions"])


async def test_info_says_what_runs_and_where_things_are_kept(start: Start, home: Path) -> None:
    session = await start()
    info = await session.ask("chiron/info", {})
    assert info["feedbackPath"].startswith(str(home))
    assert info["leavesMachine"] is False
    assert info["ansible"][0]["why"]


async def test_only_models_of_the_users_own_settings_can_be_chosen(start: Start, home: Path) -> None:
    (home / "config.toml").write_text(
        '[endpoints.near]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\n', encoding="utf-8"
    )
    session = await start()
    assert "near" in {model["name"] for model in await session.ask("chiron/models", {})}
    assert (await session.ask("chiron/useModel", {"name": "near"}))["endpoint"] == "http://127.0.0.1:9/v1"
    status = await session.ask("chiron/useModel", {"name": "http://evil.example/v1"})
    assert status["state"] == "problem"
    assert status["endpoint"] == "http://127.0.0.1:9/v1"


async def test_a_report_is_a_label(start: Start) -> None:
    session = await start()
    _, item = await offered(session)
    session.notify(
        "chiron/report", {"suggestionId": suggestion_id(item), "label": "wrong module", "note": "no apt here"}
    )
    why = await session.ask("chiron/why", {"suggestionId": suggestion_id(item)})
    assert why["outcome"] is None


async def test_a_message_that_makes_no_sense_says_which_field(start: Start) -> None:
    session = await start()
    assert "position" in await refusal(session, "chiron/suggestAt", {"uri": "file:///x"})
    session.notify("chiron/event", {"kind": "danced"})
    session.notify("chiron/event", {})
    await offered(session)


async def test_an_excluded_file_is_neither_answered_nor_kept(start: Start) -> None:
    session = await start(options={"feedback": {"exclude": ["roles/web/*"]}})
    uri = session.open(PATH, TEXT + NAME)
    assert await session.inline(uri, LINE, len(NAME)) == []
    uri = session.open("roles/db/tasks/main.yml", TEXT + NAME)
    assert await session.inline(uri, LINE, len(NAME))


async def test_an_excluded_file_is_not_read_for_suggestions_elsewhere(start: Start, tmp_path: Path) -> None:
    """Neither from the disk nor when it is opened, and what another file names is not called missing."""
    root = tmp_path / "workspace"
    hidden = root / "roles" / "hidden" / "tasks" / "main.yml"
    hidden.parent.mkdir(parents=True)
    body = "  ansible.builtin.command: frobnicate --{}\n"
    hidden.write_text(f"- name: Frobnicate the whatsit\n{body.format('from-disk')}", encoding="utf-8")
    for excluded in ((), ("roles/hidden/*",)):
        session = await start(root=root, options={"feedback": {"exclude": list(excluded)}})
        text = "---\n- name: Frobnicate the whatsit again\n"
        session.open("roles/hidden/tasks/main.yml", f"- name: Frobnicate the whatsit\n{body.format('open')}")
        uri = session.open("roles/web/tasks/main.yml", text)
        offered = await session.inline(uri, 1, len(text.split("\n")[1]))
        assert any("frobnicate --" in str(item.insert_text) for item in offered) == (not excluded)


async def test_automatic_suggestions_can_be_switched_off(start: Start) -> None:
    session = await start(options={"suggest": {"automatic": False}})
    uri = session.open(PATH, TEXT + NAME)
    assert await session.inline(uri, LINE, len(NAME), invoked=False) == []
    assert await session.inline(uri, LINE, len(NAME), invoked=True)
