"""What is recalled at a place: whole tasks, options, names and lists of tasks, and what never is."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.config import Settings
from chiron.records import Candidate, Facts, Origin, Place, Position, Request, ScopeKind, Source, Trigger
from chiron.suggest.guardrails import Check, run_chain
from chiron.suggest.place import request_at
from chiron.suggest.recall import Recall
from chiron.syntax.document import Document
from chiron.syntax.kind import file_kind
from chiron.syntax.scope import find_scope

HEAD = "- hosts: all\n  tasks:\n"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.open(Settings(), None)


def ask(root: Path, catalog: Catalog, path: str, marked: str) -> tuple[Request, Project]:
    """The request at the cursor, and the project with the file as it is now."""
    before = marked[: marked.index("¦")]
    text = marked.replace("¦", "")
    full = str(root / path)
    position = Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
    scope = find_scope(Document(f"file://{full}", text, 1), position, file_kind(path, text))
    assert scope is not None, marked
    project = Project(root, catalog)
    project.refresh()
    project.update(path, text)
    place = Place(f"file://{full}", full, 1, str(root))
    return Request(place, text, scope, Origin.EVAL, Trigger.INVOKED, 3), project


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def recalled(root: Path, catalog: Catalog, path: str, marked: str, n: int = 5) -> list[Candidate]:
    request, project = ask(root, catalog, path, marked)
    facts = project.facts(request.place.path, request.text, request.scope.task_line)
    return Recall(catalog).candidates(request, facts, project.tasks(), n)


def check_recalled(root: Path, catalog: Catalog, path: str, marked: str, expected: str) -> Candidate:
    """The first candidate that passes the guardrails, which must put `expected` at the cursor."""
    request, project = ask(root, catalog, path, marked)
    facts = project.facts(request.place.path, request.text, request.scope.task_line)
    candidates = Recall(catalog).candidates(request, facts, project.tasks(), 5)
    verdicts = [run_chain(one, Check(request, catalog, facts)) for one in candidates]
    passed = [one for one in verdicts if isinstance(one, Candidate)]
    assert passed, verdicts
    assert passed[0].text == expected
    assert 0 <= passed[0].confidence <= 1
    return passed[0]


# --------------------------------------------------------------------------- cold: from the name alone


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("Install nginx", ["ansible.builtin.package:", "  name: nginx", "  state: present"]),
        (
            "Install nginx and curl",
            ["ansible.builtin.package:", "  name:", "    - nginx", "    - curl", "  state: present"],
        ),
        (
            "Start and enable nginx",
            ["ansible.builtin.service:", "  name: nginx", "  state: started", "  enabled: true"],
        ),
        ("Restart sshd", ["ansible.builtin.service:", "  name: sshd", "  state: restarted"]),
        (
            "Create deploy user",
            ["ansible.builtin.user:", "  name: deploy", "  state: present", "  shell: /bin/bash"],
        ),
        ("Create a group for backup", ["ansible.builtin.group:", "  name: backup", "  state: present"]),
        (
            "Create /opt/app directory",
            ["ansible.builtin.file:", "  path: /opt/app", "  state: directory", '  mode: "0755"'],
        ),
        (
            "Remove /etc/nginx/default.conf file",
            ["ansible.builtin.file:", "  path: /etc/nginx/default.conf", "  state: absent"],
        ),
        (
            "Deploy nginx.conf from template",
            [
                "ansible.builtin.template:",
                '  src: "{{ playbook_dir }}/templates/nginx.conf.j2"',
                "  dest: /etc/nginx/nginx.conf",
                '  mode: "0644"',
            ],
        ),
        (
            "Clone https://git.example.org/shop.git",
            [
                "ansible.builtin.git:",
                '  repo: "https://git.example.org/shop.git"',
                "  dest: /opt/shop",
                "  version: main",
            ],
        ),
        (
            "Download node_exporter archive",
            [
                "ansible.builtin.get_url:",
                "  url: \"{{ undef(hint='URL of the node_exporter archive') }}\"",
                "  dest: /tmp/node_exporter.tar.gz",
                '  mode: "0644"',
            ],
        ),
        (
            "Schedule a nightly backup cron job",
            [
                "ansible.builtin.cron:",
                "  name: backup",
                '  minute: "0"',
                '  hour: "2"',
                "  job: /usr/local/bin/backup",
            ],
        ),
        ("Reload systemd", ["ansible.builtin.systemd:", "  daemon_reload: true"]),
        (
            "Add web to redis group",
            ["ansible.builtin.user:", "  name: web", "  groups: redis", "  append: true"],
        ),
    ],
)
def test_the_usual_names_give_valid_tasks_with_the_names_own_values(
    tmp_path: Path, catalog: Catalog, name: str, body: list[str]
) -> None:
    expected = "".join(f"\n      {line}" for line in body)
    check_recalled(tmp_path, catalog, "site.yml", f"{HEAD}    - name: {name}¦", expected)


@pytest.mark.parametrize(
    "name", ["Clone the app repository", "Download the archive", "Copy the config file", "Do it"]
)
def test_nothing_made_up_for_an_example_is_offered(tmp_path: Path, catalog: Catalog, name: str) -> None:
    for candidate in recalled(tmp_path, catalog, "site.yml", f"{HEAD}    - name: {name}¦"):
        for junk in ("example.com", "foo", "/srv/checkout", "/path/to", "http://", "https://", "git@"):
            assert junk not in candidate.text, candidate.text


def test_a_config_file_belongs_to_what_was_installed_before(tmp_path: Path, catalog: Catalog) -> None:
    marked = (
        f"{HEAD}    - name: Install redis\n      ansible.builtin.package:\n        name: redis\n"
        "    - name: Upload the config file¦"
    )
    candidates = recalled(tmp_path, catalog, "site.yml", marked)
    assert any("dest: /etc/redis/redis.conf" in candidate.text for candidate in candidates)


# --------------------------------------------------------------------------- warm: from tasks like it

MINE = {
    "roles/nginx/tasks/main.yml": (
        "- name: Install nginx\n  apt:\n    name: nginx\n    state: present\n    cache_valid_time: 3600\n"
        "- name: Start nginx\n  systemd:\n    name: nginx\n    state: started\n    enabled: yes\n"
    ),
    "roles/nginx/defaults/main.yml": "nginx_user: www\n",
    "roles/redis/defaults/main.yml": "redis_user: redis\n",
}


def test_the_difference_of_the_names_is_carried_into_the_values(tmp_path: Path, catalog: Catalog) -> None:
    write(tmp_path, MINE)
    found = check_recalled(
        tmp_path,
        catalog,
        "roles/redis/tasks/main.yml",
        "- name: Install redis¦",
        "\n  apt:\n    name: redis\n    state: present\n    cache_valid_time: 3600",
    )
    assert found.source == Source.RECALL
    assert found.grounds[0].kind == "task"
    assert (found.grounds[0].what, found.grounds[0].where) == (
        "Install nginx",
        "roles/nginx/tasks/main.yml:1",
    )


def test_another_verb_asks_for_another_state(tmp_path: Path, catalog: Catalog) -> None:
    write(tmp_path, MINE)
    texts = [
        one.text for one in recalled(tmp_path, catalog, "roles/redis/tasks/main.yml", "- name: Stop redis¦")
    ]
    assert any("name: redis" in text and "state: stopped" in text for text in texts)


def test_a_variable_becomes_the_roles_own_if_there_is_one(tmp_path: Path, catalog: Catalog) -> None:
    user = "- name: Create the system account\n  user:\n    name: '{{ nginx_user }}'\n    system: yes\n"
    write(tmp_path, {**MINE, "roles/nginx/tasks/user.yml": user})
    check_recalled(
        tmp_path,
        catalog,
        "roles/redis/tasks/user.yml",
        "- name: Create the system account¦",
        "\n  user:\n    name: '{{ redis_user }}'\n    system: yes",
    )


def test_a_handler_out_of_reach_is_not_notified(tmp_path: Path, catalog: Catalog) -> None:
    config = (
        "- name: Write the limits file\n  copy:\n    content: x\n    dest: /etc/limits.conf\n"
        "    mode: '0644'\n  notify: restart nginx\n"
    )
    handler = "- name: restart nginx\n  service:\n    name: nginx\n    state: restarted\n"
    write(tmp_path, {"roles/nginx/tasks/main.yml": config, "roles/nginx/handlers/main.yml": handler})
    check_recalled(
        tmp_path,
        catalog,
        "roles/redis/tasks/main.yml",
        "- name: Write the limits file¦",
        "\n  copy:\n    content: x\n    dest: /etc/limits.conf\n    mode: '0644'",
    )


def test_keys_that_stand_in_the_task_are_left_out(tmp_path: Path, catalog: Catalog) -> None:
    become = "- name: Install nginx\n  become: true\n  apt:\n    name: nginx\n"
    write(tmp_path, {"roles/a/tasks/main.yml": become})
    texts = [
        candidate.text
        for candidate in recalled(
            tmp_path, catalog, "roles/a/tasks/other.yml", "- name: Install nginx\n  become: false\n  ¦\n"
        )
    ]
    assert texts
    assert not any("become" in text for text in texts)


# --------------------------------------------------------------------------- what is never a source

SECRET_PLAN = "- name: Very particular thing\n  command: particular --now\n  changed_when: false\n"


def test_the_task_being_written_is_no_source_of_itself(tmp_path: Path, catalog: Catalog) -> None:
    write(tmp_path, {"tasks/a.yml": SECRET_PLAN})
    for candidate in recalled(tmp_path, catalog, "tasks/a.yml", "- name: Very particular thing¦"):
        assert "particular --now" not in candidate.text


def test_what_was_cut_off_behind_the_cursor_is_no_source(tmp_path: Path, catalog: Catalog) -> None:
    """The index may have seen the whole file before: the request's text stands for the file."""
    write(tmp_path, {"tasks/a.yml": f"- name: First\n  ping:\n{SECRET_PLAN}"})
    request, project = ask(tmp_path, catalog, "tasks/a.yml", "- name: Very particular thing¦")
    stale = Project(tmp_path, catalog)
    stale.refresh()
    recall = Recall(catalog)
    recall.sync(stale.tasks())
    facts = project.facts(request.place.path, request.text, 0)
    for candidate in recall.candidates(request, facts, stale.tasks(), 5):
        assert "particular --now" not in candidate.text
    assert all(
        task.name != "Very particular thing" for task in recall.similar(request, facts, stale.tasks(), 5)
    )


def test_what_stands_after_the_cursor_is_a_source(tmp_path: Path, catalog: Catalog) -> None:
    marked = f"- name: Very particular other¦\n{SECRET_PLAN}"
    assert any("particular --now" in one.text for one in recalled(tmp_path, catalog, "tasks/a.yml", marked))


def test_another_files_request_does_not_linger(tmp_path: Path, catalog: Catalog) -> None:
    recall = Recall(catalog)
    first, project = ask(tmp_path, catalog, "tasks/a.yml", f"{SECRET_PLAN}- name: Next¦")
    recall.candidates(first, project.facts(first.place.path, first.text, 3), (), 1)
    second, project = ask(tmp_path, catalog, "tasks/b.yml", "- name: Very particular thing¦")
    found = recall.candidates(second, project.facts(second.place.path, second.text, 0), (), 5)
    assert not any("particular --now" in candidate.text for candidate in found)


# --------------------------------------------------------------------------- options, names, lists


def test_options_that_like_tasks_set_are_offered_less_those_present(tmp_path: Path, catalog: Catalog) -> None:
    config = (
        "- name: Write the main config\n  ansible.builtin.template:\n    src: main.conf.j2\n"
        "    dest: /etc/app/main.conf\n    owner: app\n    mode: '0640'\n"
    )
    write(tmp_path, {"roles/app/tasks/main.yml": config, "roles/app/templates/main.conf.j2": ""})
    check_recalled(
        tmp_path,
        catalog,
        "roles/app/tasks/other.yml",
        "- name: Write the main config\n  ansible.builtin.template:\n    src: main.conf.j2\n    ¦\n",
        "    dest: /etc/app/main.conf\n    owner: app\n    mode: '0640'",
    )


def test_required_options_come_first(tmp_path: Path, catalog: Catalog) -> None:
    config = (
        "- name: Write the main config\n  ansible.builtin.template:\n    mode: '0640'\n    owner: app\n"
        "    src: main.conf.j2\n    dest: /etc/app/main.conf\n"
    )
    write(tmp_path, {"roles/app/tasks/main.yml": config, "roles/app/templates/main.conf.j2": ""})
    first = recalled(
        tmp_path,
        catalog,
        "roles/app/tasks/other.yml",
        "- name: Write the main config\n  ansible.builtin.template:\n    ¦\n",
    )[0]
    assert [line.split(":")[0].strip() for line in first.text.splitlines()] == [
        "src",
        "dest",
        "mode",
        "owner",
    ]


def test_a_begun_option_is_completed(tmp_path: Path, catalog: Catalog) -> None:
    write(tmp_path, MINE)
    marked = "- name: Install redis\n  apt:\n    name: redis\n    cac¦\n"
    for candidate in recalled(tmp_path, catalog, "roles/redis/tasks/main.yml", marked):
        assert candidate.text.startswith("    cache_valid_time: 3600")


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("- name: Install redis\n  ap¦", "  apt:"),
        ("- name: Copy a file\n  ansible.builtin.co¦", "  ansible.builtin.copy:"),
        ("- sta¦", "- stat:"),
    ],
)
def test_a_begun_module_is_completed(tmp_path: Path, catalog: Catalog, marked: str, expected: str) -> None:
    write(tmp_path, MINE)
    check_recalled(tmp_path, catalog, "roles/redis/tasks/main.yml", marked, expected)


def test_a_comment_becomes_the_tasks_it_announces(tmp_path: Path, catalog: Catalog) -> None:
    check_recalled(
        tmp_path,
        catalog,
        "site.yml",
        f"{HEAD}    # install redis and curl, then start redis and create /opt/app directory¦",
        "\n    - name: Install redis and curl\n      ansible.builtin.package:\n        name:\n"
        "          - redis\n          - curl\n        state: present\n\n"
        "    - name: Start redis\n      ansible.builtin.service:\n        name: redis\n"
        "        state: started\n\n"
        "    - name: Create /opt/app directory\n      ansible.builtin.file:\n        path: /opt/app\n"
        '        state: directory\n        mode: "0755"',
    )


def test_a_comment_with_a_step_nobody_knows_gives_nothing(tmp_path: Path, catalog: Catalog) -> None:
    marked = f"{HEAD}    # install redis and frobnicate qux quux¦"
    assert recalled(tmp_path, catalog, "site.yml", marked) == [] or all(
        candidate.text.count("- name:") == 1 for candidate in recalled(tmp_path, catalog, "site.yml", marked)
    )


# --------------------------------------------------------------------------- the rest


def test_modules_and_similar_tasks_are_told_likeliest_first(tmp_path: Path, catalog: Catalog) -> None:
    write(tmp_path, MINE)
    request, project = ask(tmp_path, catalog, "roles/redis/tasks/main.yml", "- name: Install redis¦")
    facts = project.facts(request.place.path, request.text, 0)
    recall = Recall(catalog)
    assert recall.modules(request, facts, project.tasks(), 3)[0] == "ansible.builtin.apt"
    assert recall.similar(request, facts, project.tasks(), 1)[0].name == "Install nginx"


def test_accepted_tasks_are_recalled_like_the_workspaces_own(tmp_path: Path, catalog: Catalog) -> None:
    from chiron.records import Task

    accepted = Task("Rotate the frob", "command", None, "command: frob --rotate", "x.yml", 0, "accepted")
    request, project = ask(tmp_path, catalog, "tasks/a.yml", "- name: Rotate the frob¦")
    facts = project.facts(request.place.path, request.text, 0)
    found = Recall(catalog).candidates(request, facts, [accepted], 3)
    assert found[0].text == "\n  command: frob --rotate"
    assert found[0].grounds[0].detail == "accepted"


@pytest.mark.parametrize(
    "name", ["{{", "''", "- - -", "é" * 300, "# noqa", "a" * 5000, "{{ x }} | y", "*", "!!"]
)
def test_no_name_breaks_it(tmp_path: Path, catalog: Catalog, name: str) -> None:
    write(tmp_path, MINE)
    request, project = ask(tmp_path, catalog, "roles/redis/tasks/main.yml", "- name: x¦")
    from dataclasses import replace

    for kind in ScopeKind:
        odd = replace(request, scope=replace(request.scope, task_name=name, kind=kind, module="apt"))
        facts = project.facts(request.place.path, request.text, 0)
        Recall(catalog).candidates(odd, facts, project.tasks(), 5)


def test_it_answers_many_threads_at_once(tmp_path: Path, catalog: Catalog) -> None:
    write(tmp_path, MINE)
    recall = Recall(catalog)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            path = f"roles/redis/tasks/t{number}.yml"
            request, project = ask(tmp_path, catalog, path, "- name: Install redis¦")
            facts = project.facts(request.place.path, request.text, 0)
            for _ in range(10):
                found = recall.candidates(request, facts, project.tasks(), 1)
                assert "name: redis" in found[0].text
        except BaseException as error:  # told below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_task_that_moved_to_another_line_is_named_by_that_line(tmp_path: Path, catalog: Catalog) -> None:
    task = "- name: Frob the gadget\n  ansible.builtin.command: frob gadget\n"
    recall = Recall(catalog)
    for above in ("", "\n\n", "# one line\n"):
        marked = f"---\n{above}{task}- name: Frob the widget¦\n"
        request, project = ask(tmp_path, catalog, "tasks.yml", marked)
        facts = project.facts(request.place.path, request.text, request.scope.task_line)
        first = recall.candidates(request, facts, project.tasks(), 1)[0]
        assert [ground.where for ground in first.grounds] == [f"tasks.yml:{2 + above.count(chr(10))}"]


@pytest.fixture(scope="module")
def memories(catalog: Catalog) -> tuple[Recall, Recall]:
    return Recall(catalog), Recall(catalog)


LINES = st.sampled_from(
    ["- name: Frob the gadget", "  ansible.builtin.command: frob", "  copy:", "    src: a", "- name: Copy a",
     "  block:", "    - name: Start it", "      service: name=x", "", "# b", "  when: c"]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.lists(LINES, max_size=20),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2), st.lists(LINES, max_size=2)), max_size=5),
)
def test_after_any_edits_the_file_s_own_tasks_are_what_a_first_look_finds(
    memories: tuple[Recall, Recall], lines: list[str], edits: list[tuple[int, int, list[str]]]
) -> None:
    recall, first_time = memories
    for at, n_removed, put_in in [(0, 0, []), *edits]:
        lines[at : at + n_removed] = put_in
        text = "\n".join(["---", *lines, "- name: Frob the widget"])
        position = Position(text.count("\n"), len("- name: Frob the widget"))
        place = Place("file:///w/tasks.yml", "/w/tasks.yml", 1, "/w")
        request = request_at(Document(place.uri, text), position, place, origin=Origin.EVAL)
        if request is not None:
            found, _ = recall.question(request, Facts(), ())
            first_time.sync(())  # which leaves nothing of the request before
            first, _ = first_time.question(request, Facts(), ())
            assert (found.own, found.before) == (first.own, first.before)
