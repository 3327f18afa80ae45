"""Problems and actions through a real server: shown, offered, resolved, taken, refused."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from support.light_bulb import Editor, StartEditor

BAD = (
    "---\n- name: Copy it\n  ansible.builtin.copy:\n    src: a\n    dset: /b\n- name: Second\n  command: ls\n"
)


async def test_a_problem_is_shown_with_its_code_and_a_page_about_it(start_editor: StartEditor) -> None:
    editor = await start_editor()
    uri = editor.open("roles/web/tasks/main.yml", BAD)
    (one,) = [d for d in await editor.problems(uri) if d.code == "unknown-option"]
    assert one.source == "chiron"
    assert one.range == types.Range(types.Position(4, 4), types.Position(4, 8))
    assert one.severity == types.DiagnosticSeverity.Error
    assert one.code_description is not None
    assert one.code_description.href.endswith("/collections/ansible/builtin/copy_module.html")


async def test_problems_follow_the_text_and_leave_with_the_document(start_editor: StartEditor) -> None:
    editor = await start_editor()
    uri = editor.open("roles/web/tasks/main.yml", BAD)
    assert [d.range.start.line for d in await editor.problems(uri)]
    editor.replace(uri, BAD.replace("dset", "dest").replace("src: a", "content: a"))
    assert await editor.problems(uri, version=2) == []
    editor.close(uri)
    assert await editor.problems(uri, version=None) == []


async def test_codes_can_be_turned_off_and_lints_own_be_left_to_it(start_editor: StartEditor) -> None:
    editor = await start_editor(options={"diagnostics": {"off": ["unknown-option"]}})
    assert "unknown-option" not in {d.code for d in await editor.problems(editor.open("tasks/a.yml", BAD))}
    editor = await start_editor(options={"diagnostics": {"quiet": True}})
    text = BAD + "  notify: Nobody\n"
    editor.root.joinpath("tasks").mkdir()
    uri = editor.open("tasks/a.yml", text)
    assert {d.code for d in await editor.problems(uri)} == {"undefined-handler"}


async def test_a_quick_fix_mends_its_problem_in_one_step(start_editor: StartEditor) -> None:
    editor = await start_editor()
    uri = editor.open("roles/web/tasks/main.yml", BAD)
    await editor.problems(uri)
    action = await editor.action(uri, 4, "Replace by `dest`")
    assert action.kind == types.CodeActionKind.QuickFix
    assert action.diagnostics
    assert action.diagnostics[0].code == "unknown-option"
    assert action.edit is None
    resolved = await editor.resolve(action)
    assert editor.apply(uri, resolved) == BAD.replace("dset", "dest")
    assert await editor.problems(uri, version=2) == []


async def test_an_edit_is_for_one_version_and_says_what_it_is(start_editor: StartEditor) -> None:
    editor = await start_editor()
    uri = editor.open("tasks/main.yml", BAD)
    edit = (await editor.resolve(await editor.action(uri, 6, "Write `command` as"))).edit
    assert edit is not None
    assert edit.change_annotations is not None
    (note,) = edit.change_annotations.values()
    assert note.label.startswith("Write `command` as")
    (change,) = edit.document_changes or ()
    assert isinstance(change, types.TextDocumentEdit)
    assert (change.text_document.uri, change.text_document.version) == (uri, 1)


async def test_an_action_on_a_file_that_changed_meanwhile_is_refused(start_editor: StartEditor) -> None:
    editor = await start_editor()
    uri = editor.open("tasks/main.yml", BAD)
    action = await editor.action(uri, 6, "Write `command` as")
    editor.replace(uri, BAD + "# more\n")
    with pytest.raises(JsonRpcException) as refused:
        await editor.resolve(action)
    assert refused.value.code == -32801
    assert "changed" in refused.value.message


#: A task for each kind of rewrite, the line asked about, and how its title begins.
KINDS = {
    "quick fix": (BAD, 4, "Replace by `dest`"),
    "fqcn": ("- name: A\n  command: ls\n", 1, "Write `command` as"),
    "everywhere": ("- command: ls\n- command: df\n", 0, "Write every module's name in full"),
    "mapping": ("- copy: src=a dest=b\n", 0, "Write the options of"),
    "boolean": ("- command: ls\n  become: yes\n", 1, "Write `yes` as"),
    "mode": ("- file:\n    path: /a\n    mode: 0644\n", 2, "Quote the mode"),
    "condition": ('- command: ls\n  when: "{{ a == b }}"\n', 1, "Write `when` without"),
    "loop": ("- command: ls\n  with_items: [a, b]\n", 1, "Write `with_items` as"),
    "own key": ("- local_action: command ls\n", 0, "Call `ansible.builtin.command`"),
    "name": ("- ansible.builtin.user:\n    name: deploy\n", 1, "Name the task"),
    "required": ("- name: A\n  ansible.builtin.copy:\n", 1, "Add `dest`"),
    "no log": ("- ansible.builtin.user:\n    name: a\n    password: x\n", 2, "Keep `password` out"),
    "module": ("- command: useradd deploy\n", 0, "Replace `useradd`"),
    "alias": ("- ansible.builtin.file:\n    dest: /a\n", 1, "Write `dest` as"),
}
BROKEN = ("- name: [\n", "$ANSIBLE_VAULT;1.1;AES256\n6162\n", "a: 1\n")


async def test_a_rewrite_of_any_kind_is_refused_for_a_file_that_changed_or_broke(
    start_editor: StartEditor,
) -> None:
    editor = await start_editor()
    for number, (kind, (text, line, title)) in enumerate(KINDS.items()):
        uri = editor.open(f"roles/web/tasks/{number}.yml", text)
        await editor.problems(uri)
        action = await editor.action(uri, line, title)
        for version, changed in enumerate((text + "# more\n", *BROKEN), 2):
            editor.replace(uri, changed)
            with pytest.raises(JsonRpcException) as refused:
                await editor.resolve(action)
            assert (refused.value.code, "has changed" in refused.value.message) == (-32801, True), kind
            if changed in BROKEN:
                # One that was kept from elsewhere, for this very version.
                assert isinstance(action.data, dict)
                action.data["version"] = version
                with pytest.raises(JsonRpcException):
                    await editor.resolve(action)
                assert title not in " ".join(await editor.titles(uri, 0)), kind
            assert editor.texts[uri] == (changed, version)


async def test_every_safe_rewrite_is_one_source_action(start_editor: StartEditor) -> None:
    editor = await start_editor()
    text = "---\n- copy: src=a dest=b\n  become: yes\n\n# c\n- command: ls\n"
    uri = editor.open("tasks/main.yml", text)
    await editor.problems(uri)
    (action,) = await editor.actions(uri, 0, only=["source.fixAll"])
    assert action.kind == "source.fixAll.chiron"
    expected = (
        "---\n- ansible.builtin.copy:\n    src: a\n    dest: b\n  become: true\n\n# c\n"
        "- ansible.builtin.command: ls\n"
    )
    resolved = await editor.resolve(action)
    assert editor.apply(uri, resolved) == expected
    await editor.run_command(resolved)
    assert await editor.actions(uri, 0, only=["source.fixAll.chiron"]) == []
    await editor.leave()
    assert {row["outcome"] for row in editor.log() if row["scope"] == "action"} == {"accepted"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tasks/main.yml", "- copy: [\n  a: b\n"),
        ("tasks/main.yml", "$ANSIBLE_VAULT;1.1;AES256\n6162\n"),
        ("group_vars/all.yml", "copy: src=a\n"),
        ("templates/a.yml.j2", "- copy: src=a dest=b\n"),
    ],
)
async def test_nothing_is_offered_for_what_cannot_be_read(
    start_editor: StartEditor, path: str, text: str
) -> None:
    editor = await start_editor()
    uri = editor.open(path, text)
    await editor.problems(uri)
    assert await editor.actions(uri, 0) == []
    assert await editor.actions(uri, 0, only=["source"]) == []


async def test_a_client_that_cannot_resolve_gets_the_edit_at_once(start_editor: StartEditor) -> None:
    editor = await start_editor(plain=True)
    uri = editor.open("tasks/main.yml", BAD)
    action = await editor.action(uri, 6, "Write `command` as")
    assert action.edit is not None
    assert action.edit.changes is not None
    assert editor.apply(uri, action) == BAD.replace("command", "ansible.builtin.command")


async def test_an_action_taken_is_logged_as_accepted_and_what_is_kept_of_it(
    start_editor: StartEditor,
) -> None:
    editor = await start_editor()
    uri = editor.open("tasks/main.yml", "---\n- name: A\n  copy: src=a dest=b\n")
    resolved = await editor.resolve(await editor.action(uri, 2, "Write the options of"))
    editor.apply(uri, resolved)
    await editor.run_command(resolved)
    await editor.leave()
    (row,) = [row for row in editor.log() if row["scope"] == "action"]
    assert (row["outcome"], row["source"]) == ("accepted", "rule")
    kinds = {event["kind"]: event["data"] for event in row["events"]}
    assert kinds["kept_at"]["ratio"] == 1.0


async def test_what_an_action_put_in_and_was_undone_counts_as_undone(start_editor: StartEditor) -> None:
    editor = await start_editor()
    text = "---\n- name: A\n  copy: src=a dest=b\n"
    uri = editor.open("tasks/main.yml", text)
    resolved = await editor.resolve(await editor.action(uri, 2, "Write the options of"))
    editor.apply(uri, resolved)
    await editor.run_command(resolved)
    editor.replace(uri, text)
    await asyncio.sleep(0)
    await editor.leave()
    (row,) = [row for row in editor.log() if row["scope"] == "action"]
    assert "undone" in {event["kind"] for event in row["events"]}


async def test_a_rewrite_is_offered_for_the_whole_file_too(start_editor: StartEditor) -> None:
    editor = await start_editor()
    text = "---\n- name: A\n  command: ls\n- name: B\n  command: df\n"
    uri = editor.open("tasks/main.yml", text)
    resolved = await editor.resolve(await editor.action(uri, 2, "Write every module's name in full"))
    assert editor.apply(uri, resolved) == text.replace("command", "ansible.builtin.command")


async def test_edits_far_apart_are_each_logged_and_followed(start_editor: StartEditor) -> None:
    editor = await start_editor()
    text = "---\n- name: A\n  command: ls\n" + "# c\n" * 80 + "- name: B\n  command: df\n"
    uri = editor.open("tasks/main.yml", text)
    await editor.problems(uri)
    (action,) = await editor.actions(uri, 0, only=["source.fixAll"])
    resolved = await editor.resolve(action)
    assert editor.apply(uri, resolved) == text.replace("command", "ansible.builtin.command")
    await editor.run_command(resolved)
    await editor.leave()
    rows = [row for row in editor.log() if row["scope"] == "action"]
    assert [row["outcome"] for row in rows] == ["accepted", "accepted"]
    kept = [event["data"]["ratio"] for row in rows for event in row["events"] if event["kind"] == "kept_at"]
    assert set(kept) == {1.0}


async def test_a_module_in_place_of_a_command_is_shown_with_its_documentation_before_it_is_made(
    start_editor: StartEditor,
) -> None:
    editor = await start_editor()
    uri = editor.open("tasks/main.yml", "---\n- name: A\n  ansible.builtin.command: useradd -m deploy\n")
    resolved = await editor.resolve(
        await editor.action(uri, 2, "Replace `useradd` by `ansible.builtin.user`")
    )
    assert resolved.edit is not None
    ((_, note),) = (resolved.edit.change_annotations or {}).items()
    assert note.needs_confirmation
    assert note.description is not None
    assert note.description.startswith("Manage user accounts")
    assert "ansible.builtin" in note.description


ROLE_TASK = (
    "---\n- name: Configure\n  ansible.builtin.copy:\n    src: a\n    dest: /etc/a\n  notify: Restart nginx\n"
)


def a_role(editor: Editor, **files: str) -> None:
    """A role called web on disk, with a file it copies, and whatever else is given."""
    for path, text in {"files/a": "", "meta/main.yml": "dependencies: []\n", **files}.items():
        file = editor.root / "roles" / "web" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


async def test_a_handler_is_added_to_the_role_in_a_file_that_is_made_for_it(
    start_editor: StartEditor,
) -> None:
    editor = await start_editor()
    a_role(editor, **{"tasks/main.yml": ROLE_TASK})
    uri = editor.open("roles/web/tasks/main.yml", ROLE_TASK)
    assert "undefined-handler" in {one.code for one in await editor.problems(uri)}
    resolved = await editor.resolve(await editor.action(uri, 5, "Add a handler `Restart nginx` to handlers/"))
    assert editor.apply(uri, resolved) == ROLE_TASK
    made = (editor.root / "roles/web/handlers/main.yml").read_text()
    assert made == (
        "---\n- name: Restart nginx\n  ansible.builtin.service:\n    name: nginx\n    state: restarted\n"
    )
    await editor.run_command(resolved)
    await editor.leave()
    (row,) = [row for row in editor.log() if row["scope"] == "action"]
    assert (row["outcome"], row["source"]) == ("accepted", "rule")


async def test_a_handler_goes_into_the_file_as_the_editor_has_it(start_editor: StartEditor) -> None:
    editor = await start_editor()
    a_role(
        editor,
        **{"tasks/main.yml": ROLE_TASK, "handlers/main.yml": "- name: Old\n  ansible.builtin.meta: noop\n"},
    )
    held = "---\n- name: Written since\n  ansible.builtin.meta: noop\n"
    other = editor.open("roles/web/handlers/main.yml", held)
    uri = editor.open("roles/web/tasks/main.yml", ROLE_TASK)
    await editor.problems(uri)
    resolved = await editor.resolve(await editor.action(uri, 5, "Add a handler `Restart nginx` to handlers/"))
    editor.apply(uri, resolved)
    assert editor.texts[other][0].startswith(f"{held}\n- name: Restart nginx\n")


async def test_a_value_becomes_a_default_of_its_role_in_two_files_at_once(start_editor: StartEditor) -> None:
    editor = await start_editor()
    a_role(editor, **{"tasks/main.yml": ROLE_TASK, "defaults/main.yml": "---\nweb_port: 80\n"})
    uri = editor.open("roles/web/tasks/main.yml", ROLE_TASK)
    await editor.problems(uri)
    action = await editor.action(uri, 4, "Make this value the role's default `web_copy_dest`")
    assert action.kind == types.CodeActionKind.RefactorExtract
    resolved = await editor.resolve(action)
    assert resolved.edit is not None
    assert [one.needs_confirmation for one in (resolved.edit.change_annotations or {}).values()] == [True]
    assert editor.apply(uri, resolved) == ROLE_TASK.replace("/etc/a", '"{{ web_copy_dest }}"')
    held = (editor.root / "roles/web/defaults/main.yml").read_text()
    assert held == "---\nweb_port: 80\nweb_copy_dest: /etc/a\n"


async def test_nothing_outside_a_role_becomes_a_default_or_gets_a_handler_elsewhere(
    start_editor: StartEditor,
) -> None:
    editor = await start_editor()
    uri = editor.open("tasks/main.yml", ROLE_TASK)
    await editor.problems(uri)
    titles = await editor.titles(uri, 4) + await editor.titles(uri, 5)
    assert not [one for one in titles if "default" in one or "handlers/" in one]


async def shown(editor: Editor, uri: str, version: int) -> set[str | int | None]:
    return {one.code for one in await editor.problems(uri, version=version)}


WRITTEN = "---\n- name: First\n  ansible.builtin.debug:\n    msg: hello\n\n- name: Second\n"
HALF = WRITTEN + "  ansible.builtin.template:\n    src: /etc/hosts\n"


async def test_what_is_being_written_is_not_reported_before_the_cursor_leaves_it(
    start_editor: StartEditor,
) -> None:
    editor = await start_editor()
    uri = editor.open("roles/web/tasks/main.yml", WRITTEN.replace("Second", "Sec"))
    assert await shown(editor, uri, 1) == {"missing-module"}
    editor.replace(uri, WRITTEN)
    assert await shown(editor, uri, 2) == set()
    editor.replace(uri, HALF)
    assert await shown(editor, uri, 3) == set()
    n_published = len(editor.published[uri])
    await editor.titles(uri, 7)
    assert len(editor.published[uri]) == n_published
    await editor.titles(uri, 1)
    assert await shown(editor, uri, 3) == {"missing-required"}


async def test_what_is_being_written_is_reported_when_it_is_saved(start_editor: StartEditor) -> None:
    editor = await start_editor()
    uri = editor.open("roles/web/tasks/main.yml", WRITTEN + "  when: true\n")
    assert await shown(editor, uri, 1) == {"missing-module"}
    editor.replace(uri, WRITTEN)
    assert await shown(editor, uri, 2) == set()
    n_published = len(editor.published[uri])
    editor.save(uri)
    while len(editor.published[uri]) == n_published:
        await asyncio.sleep(0.05)
    assert await shown(editor, uri, 2) == {"missing-module"}


async def test_what_is_wrong_elsewhere_is_reported_while_something_is_written(
    start_editor: StartEditor,
) -> None:
    editor = await start_editor()
    text = WRITTEN.replace("msg: hello", "mgs: hello")
    uri = editor.open("roles/web/tasks/main.yml", text)
    await editor.problems(uri)
    editor.replace(uri, text + "  when: true\n")
    assert await shown(editor, uri, 2) == {"unknown-option"}


async def test_what_a_linter_reports_too_is_marked_so(start_editor: StartEditor) -> None:
    editor = await start_editor()
    editor.root.joinpath("tasks").mkdir()
    found = await editor.problems(editor.open("tasks/main.yml", BAD + "  notify: Nobody\n"))
    marks = {one.code: one.data for one in found}
    assert marks["unknown-option"] == {"lint": True}
    assert marks["undefined-handler"] is None
