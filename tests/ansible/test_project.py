"""What a place in a project can reach, and how the project follows its files."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.ansible.project.walk import MAX_BYTES
from chiron.config import Settings
from chiron.records import Facts

PLAY = "- hosts: a\n  tasks:\n    - name: x¦\n"
ROLE = {
    "site.yml": (
        "- hosts: web\n  vars:\n    site_name: x\n  roles:\n    - { role: web, tags: [web] }\n    - common\n"
    ),
    "roles/web/tasks/main.yml": (
        "- name: Install nginx\n  apt:\n    name: nginx\n  register: nginx_install\n  tags: packages\n"
        "- name: Write the config\n  template:\n    src: nginx.conf.j2\n    dest: /etc/nginx/nginx.conf\n"
        "  notify: restart nginx\n"
    ),
    "roles/web/defaults/main.yml": "nginx_port: 80\nnginx_password: hunter2\n",
    "roles/web/vars/main.yml": "nginx_conf_dir: /etc/nginx\n",
    "roles/web/handlers/main.yml": (
        "- name: restart nginx\n  service:\n    name: nginx\n    state: restarted\n  listen: web changed\n"
        "- import_tasks: more.yml\n"
    ),
    "roles/web/handlers/more.yml": "- name: reload nginx\n  service:\n    name: nginx\n    state: reloaded\n",
    "roles/web/templates/nginx.conf.j2": "listen {{ nginx_port }};\n",
    "roles/web/files/index.html": "<p>\n",
    "roles/web/meta/main.yml": "dependencies:\n  - role: base\n",
    "roles/web/meta/argument_specs.yml": (
        "argument_specs:\n  main:\n    options:\n      nginx_user:\n        type: str\n"
    ),
    "roles/base/defaults/main.yml": "base_dir: /srv\n",
    "roles/common/defaults/main.yml": "common_packages: []\n",
    "roles/other/defaults/main.yml": "other_secret: x\n",
    "group_vars/all.yml": "domain: example.org\n",
    "host_vars/web1/main.yml": "web_id: 1\n",
    "inventory/hosts": "[web]\nweb1 ansible_port=22 rack=3\n[web:vars]\nproxy=none\n",
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.open(Settings(), None)


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def opened(root: Path, catalog: Catalog, files: dict[str, str]) -> Project:
    write(root, files)
    project = Project(root, catalog)
    project.refresh()
    return project


def check_facts(project: Project, path: str, marked: str) -> Facts:
    """The facts at the line with the cursor."""
    line = marked[: marked.index("¦")].count("\n")
    return project.facts(str(project.root / path), marked.replace("¦", ""), line)


def test_a_task_of_a_role_reaches_the_variables_of_its_role_dependencies_and_plays(
    tmp_path: Path, catalog: Catalog
) -> None:
    project = opened(tmp_path, catalog, ROLE)
    facts = check_facts(project, "roles/web/tasks/more.yml", "- name: x¦\n")
    kinds = {name: variable.kind for name, variable in facts.variables.items()}
    assert facts.role == "web"
    assert facts.complete
    expected = {
        "nginx_port": "role_default",
        "nginx_conf_dir": "role_var",
        "nginx_user": "argument_spec",
        "nginx_install": "register",
        "base_dir": "role_default",
        "common_packages": "role_default",
        "site_name": "play_var",
        "domain": "group_var",
        "web_id": "host_var",
        "rack": "host_var",
        "proxy": "group_var",
        "inventory_hostname": "magic",
    }
    assert {name: kinds.get(name) for name in expected} == expected
    assert facts.variables["nginx_port"].where == "roles/web/defaults/main.yml"
    assert "other_secret" not in kinds


def test_no_value_is_ever_kept(tmp_path: Path, catalog: Catalog) -> None:
    project = opened(tmp_path, catalog, ROLE)
    facts = check_facts(project, "roles/web/tasks/main.yml", "- name: x¦\n")
    assert "nginx_password" in facts.variables
    assert "hunter2" not in repr(facts)
    assert "hunter2" not in repr(project.__dict__)


def test_handlers_come_from_the_role_what_it_imports_and_what_listens(
    tmp_path: Path, catalog: Catalog
) -> None:
    project = opened(tmp_path, catalog, ROLE)
    facts = check_facts(project, "roles/web/tasks/main.yml", "- name: x¦\n")
    assert set(facts.handlers) == {"restart nginx", "web changed", "reload nginx"}


def test_where_a_plays_role_is_not_here_absence_proves_nothing(tmp_path: Path, catalog: Catalog) -> None:
    play = "- hosts: all\n  roles: [{role}]\n  tasks:\n    - name: a¦\n"
    project = opened(tmp_path, catalog, {"roles/web/handlers/main.yml": "- name: Restart web\n  ping:\n"})
    assert check_facts(project, "near.yml", play.replace("{role}", "web")).complete
    assert not check_facts(project, "far.yml", play.replace("{role}", "somebody.nginx")).complete


def test_templates_files_and_tags_are_named_as_a_task_names_them(tmp_path: Path, catalog: Catalog) -> None:
    project = opened(tmp_path, catalog, ROLE)
    facts = check_facts(project, "roles/web/tasks/main.yml", ROLE["roles/web/tasks/main.yml"] + "¦")
    assert facts.templates == ("nginx.conf.j2",)
    assert facts.files == ("index.html",)
    assert "packages" in facts.tags


def test_a_playbook_reaches_its_own_plays_variables_only(tmp_path: Path, catalog: Catalog) -> None:
    playbook = (
        "- hosts: a\n  vars:\n    one: 1\n  tasks:\n"
        "    - name: x¦\n      command: ls\n      register: listing\n"
        "- hosts: b\n  vars:\n    two: 2\n  tasks: []\n"
    )
    project = opened(tmp_path, catalog, {})
    facts = check_facts(project, "two.yml", playbook)
    assert "one" in facts.variables
    assert "two" not in facts.variables
    assert "listing" in facts.variables


def test_vars_files_and_set_fact_bring_names(tmp_path: Path, catalog: Catalog) -> None:
    files = {"settings/app.yml": "app_port: 1\n", "vars/app.yml": "app_user: x\n"}
    project = opened(tmp_path, catalog, files)
    facts = check_facts(
        project,
        "site.yml",
        "- hosts: all\n  vars_files:\n    - vars/app.yml\n  tasks:\n"
        "    - name: a\n      set_fact:\n        made: 1\n        cacheable: true\n"
        "    - name: b\n      ansible.builtin.set_fact: inline=1\n    - name: c¦\n",
    )
    assert {"app_user", "made", "inline"} <= set(facts.variables)
    assert "cacheable" not in facts.variables


def test_a_file_of_variables_counts_whatever_it_is_called(tmp_path: Path, catalog: Catalog) -> None:
    play = "- hosts: all\n  vars_files:\n    - config.cfg\n  tasks:\n    - name: x¦\n"
    files = {"site.yml": play.replace("¦", ""), "config.cfg": "vpn_port: 1\n", "other.cfg": "not_named: 1\n"}
    project = opened(tmp_path, catalog, files)
    variables = check_facts(project, "site.yml", play).variables
    assert "vpn_port" in variables
    assert "not_named" not in variables
    assert project.rescan() == 0


def test_a_variable_that_other_tasks_rely_on_is_within_reach(tmp_path: Path, catalog: Catalog) -> None:
    task = '- name: Unpack\n  unarchive:\n    src: "{{ given_dir }}/a.tgz"\n    dest: /opt\n  when: wanted\n'
    project = opened(tmp_path, catalog, {"roles/app/tasks/main.yml": task})
    facts = check_facts(project, "roles/app/tasks/other.yml", "- name: Copy {{ named_here }}¦\n")
    kinds = {name: facts.variables[name].kind for name in ("given_dir", "wanted", "named_here")}
    assert kinds == {"given_dir": "used", "wanted": "used", "named_here": "used"}


def test_a_workspace_that_is_one_role_is_a_role(tmp_path: Path, catalog: Catalog) -> None:
    files = {"tasks/main.yml": "- name: a\n  ping:\n", "defaults/main.yml": "port: 1\n"}
    project = opened(tmp_path / "ansible-role-thing", catalog, files)
    facts = check_facts(project, "tasks/main.yml", "- name: a\n  ping:\n- name: b¦\n")
    assert facts.role == "ansible-role-thing"
    assert facts.variables["port"].kind == "role_default"


def test_hosts_come_from_the_inventory_and_are_empty_without_one(tmp_path: Path, catalog: Catalog) -> None:
    project = opened(tmp_path / "a", catalog, ROLE)
    assert {"web", "web1"} <= set(check_facts(project, "site.yml", ROLE["site.yml"] + "¦").hosts)
    without = opened(tmp_path / "b", catalog, {"site.yml": ROLE["site.yml"]})
    assert check_facts(without, "site.yml", ROLE["site.yml"] + "¦").hosts == ()


def test_habits_come_from_the_file_and_else_from_the_project(tmp_path: Path, catalog: Catalog) -> None:
    long = "- name: {0}\n  ansible.builtin.apt:\n      name: {0}\n      update_cache: yes\n"
    short = "- name: {0}\n  copy:\n    dest: /{0}\n    content: x\n    mode: '0644'\n"
    files = {"roles/a/tasks/main.yml": "".join(long.format(n) for n in "abc")}
    project = opened(tmp_path, catalog, files)
    style = check_facts(project, "roles/b/tasks/main.yml", "- name: x¦\n").style
    assert (style.fqcn, style.indent, style.true_word, style.package_module) == (
        True,
        4,
        "yes",
        "ansible.builtin.apt",
    )
    own = "".join(short.format(n) for n in "abc")
    style = check_facts(project, "roles/b/tasks/main.yml", own + "¦").style
    assert (style.fqcn, style.indent, style.mode) == (False, 2, "'0644'")


def test_tasks_are_resolved_and_told_by_their_place(tmp_path: Path, catalog: Catalog) -> None:
    project = opened(tmp_path, catalog, ROLE)
    tasks = [task for task in project.tasks() if task.path == "roles/web/tasks/main.yml"]
    assert [(task.name, task.fqcn, task.line) for task in tasks] == [
        ("Install nginx", "ansible.builtin.apt", 0),
        ("Write the config", "ansible.builtin.template", 5),
    ]
    assert tasks[0].body.startswith("apt:\n  name: nginx")


# --------------------------------------------------------------------------- following the files


def test_an_update_counts_at_once_and_is_taken_back(tmp_path: Path, catalog: Catalog) -> None:
    project = opened(tmp_path, catalog, ROLE)
    before, tasks = project.version, project.tasks()
    project.update("roles/web/defaults/main.yml", "nginx_port: 80\nfresh: 1\n")
    assert "fresh" in check_facts(project, "roles/web/tasks/main.yml", "- name: x¦\n").variables
    assert project.version != before
    assert project.tasks() is tasks, "no task changed"
    project.update("roles/web/defaults/main.yml", None)
    assert "fresh" not in check_facts(project, "roles/web/tasks/main.yml", "- name: x¦\n").variables
    assert project.version == before


def test_an_open_file_keeps_its_text_through_a_rescan(tmp_path: Path, catalog: Catalog) -> None:
    project = opened(tmp_path, catalog, ROLE)
    project.update(tmp_path / "group_vars/all.yml", "edited: 1\n")
    (tmp_path / "group_vars/all.yml").write_text("on_disk: 1\n")
    project.rescan()
    variables = check_facts(project, "site.yml", ROLE["site.yml"] + "¦").variables
    assert "edited" in variables
    assert "on_disk" not in variables
    project.update(tmp_path / "group_vars/all.yml", None)
    assert "on_disk" in check_facts(project, "site.yml", ROLE["site.yml"] + "¦").variables


def test_a_rescan_finds_what_changed_came_and_went(tmp_path: Path, catalog: Catalog) -> None:
    project = opened(tmp_path, catalog, ROLE)
    assert project.rescan() == 0
    write(tmp_path, {"group_vars/web.yml": "new_one: 1\n", "group_vars/all.yml": "other: 1\n"})
    (tmp_path / "host_vars/web1/main.yml").unlink()
    assert project.rescan() == 3
    variables = check_facts(project, "site.yml", ROLE["site.yml"] + "¦").variables
    assert {"new_one", "other"} <= set(variables)
    assert not {"domain", "web_id"} & set(variables)


def test_the_version_is_the_same_for_the_same_files(tmp_path: Path, catalog: Catalog) -> None:
    assert opened(tmp_path / "a", catalog, ROLE).version == opened(tmp_path / "b", catalog, ROLE).version


def test_paths_outside_the_workspace_are_ignored(tmp_path: Path, catalog: Catalog) -> None:
    project = opened(tmp_path / "in", catalog, {})
    project.update(tmp_path / "out.yml", "- name: a\n  ping:\n")
    project.update("../out.yml", "- name: a\n  ping:\n")
    assert project.tasks() == ()


def test_before_the_first_refresh_absence_proves_nothing(tmp_path: Path, catalog: Catalog) -> None:
    assert not check_facts(Project(tmp_path, catalog), "site.yml", PLAY).complete


# --------------------------------------------------------------------------- hostile workspaces


def test_links_that_leave_the_workspace_are_not_followed(tmp_path: Path, catalog: Catalog) -> None:
    outside, root = tmp_path / "outside", tmp_path / "in"
    write(outside, {"tasks/main.yml": "- name: stolen\n  ping:\n", "vars.yml": "stolen: 1\n"})
    write(root, {"tasks/ok.yml": "- name: mine\n  ping:\n"})
    (root / "linked").symlink_to(outside)
    (root / "tasks/stolen.yml").symlink_to(outside / "tasks/main.yml")
    (root / "tasks/inside.yml").symlink_to(root / "tasks/ok.yml")
    (root / "loop").symlink_to(root)
    project = opened(root, catalog, {})
    assert sorted(task.name for task in project.tasks()) == ["mine", "mine"]
    project.update("tasks/stolen.yml", None)
    assert sorted(task.name for task in project.tasks()) == ["mine", "mine"]


def test_pipes_huge_binary_and_vaulted_files_are_passed_over(tmp_path: Path, catalog: Catalog) -> None:
    root = tmp_path
    write(root, {"tasks/ok.yml": "- name: ok\n  ping:\n"})
    os.mkfifo(root / "tasks/pipe.yml")
    (root / "tasks/big.yml").write_text("- name: big\n  ping:\n" + "#" * MAX_BYTES)
    (root / "tasks/binary.yml").write_bytes(b"- name: b\0in\n  ping:\n")
    (root / "group_vars").mkdir()
    (root / "group_vars/vault.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n6161: x\n")
    project = opened(root, catalog, {})
    assert [task.name for task in project.tasks()] == ["ok"]
    assert "6161" not in check_facts(project, "tasks/ok.yml", "- name: x¦\n").variables


def test_a_vaulted_value_gives_its_name_and_nothing_else(tmp_path: Path, catalog: Catalog) -> None:
    vaulted = "token: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  333: 1\nplain: 1\n"
    project = opened(tmp_path, catalog, {"group_vars/all.yml": vaulted})
    names = {
        name
        for name, variable in check_facts(project, "site.yml", PLAY).variables.items()
        if variable.kind == "group_var"
    }
    assert names == {"token", "plain"}


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a, *a]\n" for n in range(50)),
        "[" * 100_000,
        "{" * 100_000,
        "- " * 50_000,
        "a:\n" * 10_000,
        "- name: x\n  !!python/object/apply:os.system ['true']\n",
        "\t- name: [\n\x07:::: {{ {% \n",
        "key: >\n" + " text: y\n" * 1000,
        "- hosts: x\n  vars: {a: {b: [\n",
    ],
    ids=["aliases", "brackets", "braces", "dashes", "keys", "tag", "garbage", "scalar", "flow"],
)
@pytest.mark.parametrize(
    "path", ["site.yml", "group_vars/all.yml", "roles/a/meta/main.yml", "inventory/hosts"]
)
def test_no_text_breaks_it(tmp_path: Path, catalog: Catalog, path: str, text: str) -> None:
    project = opened(tmp_path, catalog, {path: text})
    check_facts(project, path, f"{text}\n- name: x¦")


def test_it_may_be_read_and_updated_from_many_threads(tmp_path: Path, catalog: Catalog) -> None:
    project = opened(tmp_path, catalog, ROLE)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for n in range(20):
                project.update(f"roles/web/tasks/t{number}.yml", f"- name: n{n}\n  ping:\n")
                project.tasks()
                check_facts(project, "roles/web/tasks/main.yml", f"- name: x{n}¦\n")
                if n % 7 == 0:
                    project.rescan()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert {task.name for task in project.tasks()} >= {"n19", "Install nginx"}


LINES = st.sampled_from(
    [*ROLE["roles/web/tasks/main.yml"].splitlines(), *ROLE["site.yml"].splitlines(), "  tasks:",
     "  handlers:", "    - name: x", "      set_fact:", "        y: 1",
     "    - import_tasks: z.yml", "      listen: [t, u]",
     "- include_role:", "    name: base", "  vars_files: [v.yml]", "  when: seen is defined",
     "  shell: |", ""]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.lists(LINES, min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2), st.lists(LINES, max_size=2)), max_size=6),
    st.sampled_from(["site.yml", "roles/web/tasks/main.yml", "roles/web/handlers/main.yml"]),
)
def test_after_any_edits_the_facts_are_those_of_a_project_that_reads_the_file_for_the_first_time(
    settled: tuple[Path, Catalog], lines: list[str], edits: list[tuple[int, int, list[str]]], path: str
) -> None:
    root, catalog = settled
    project, told = Project(root, catalog), ""
    project.refresh()
    for at, n_removed, put_in in [(0, 0, []), *edits]:
        lines[at : at + n_removed] = put_in
        text, line = "\n".join(lines), max(0, at - 1)
        fresh = Project(root, catalog)
        fresh.refresh()
        for one in (project, fresh):
            one.update(path, told)
        assert project.facts(str(root / path), text, line) == fresh.facts(str(root / path), text, line)
        told = text
        for one in (project, fresh):
            one.update(path, told)
        assert project.tasks() == fresh.tasks()
        assert project.version == fresh.version


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> tuple[Path, Catalog]:
    root = tmp_path_factory.mktemp("settled")
    write(root, ROLE)
    return root, catalog


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path, catalog: Catalog) -> None:
    first = '- hosts: a\n  vars:\n    said: "one\f two\u2028 three\x85 four"\n  tasks:\n    - name: x\n'
    text = f"{first}- hosts: b\n  vars:\n    mine: 1\n"
    project = Project(tmp_path, catalog)
    at = {line: project.facts(str(tmp_path / "site.yml"), text, line).variables for line in (4, 5)}
    assert ["said" in at[line] for line in (4, 5)] == [True, False]
    assert ["mine" in at[line] for line in (4, 5)] == [False, True]
