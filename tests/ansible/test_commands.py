"""Command lines and their modules: right where a rule answers, silent where it cannot be sure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from chiron.ansible.catalog import Catalog
from chiron.ansible.commands import meant_by
from chiron.ansible.commands.editing import to_python
from chiron.ansible.rewrite import apply_edits, rewrites_of
from chiron.config import Settings
from chiron.records import FileKind

DATA = Path(__file__).parent.parent / "data"
LINES: list[dict[str, Any]] = yaml.safe_load((DATA / "commands" / "lines.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The ansible-core that Chiron itself depends on."""
    return Catalog.open(Settings(), None, {})


def check_replaced(catalog: Catalog, text: str, expected: str) -> None:
    """The task in `text` becomes exactly `expected`."""
    found = [r for r in rewrites_of(text, FileKind.TASKS, catalog) if r.code == "module-for-command"]
    assert found, "nothing was offered"
    assert not found[0].safe
    assert found[0].evidence
    assert apply_edits(text, found[0].edits) == expected


def check_left(catalog: Catalog, text: str) -> None:
    """No module is offered for the task in `text`."""
    assert not [r for r in rewrites_of(text, FileKind.TASKS, catalog) if r.code == "module-for-command"]


@pytest.mark.parametrize("case", LINES, ids=lambda case: case["line"][:40])
def test_a_rule_answers_with_the_right_module_or_not_at_all(case: dict[str, Any]) -> None:
    meant = meant_by(case["line"], shell=True)
    if case.get("rule") is False:
        assert meant is None
    else:
        assert meant is not None
        assert meant.module in {case["module"], *case.get("or", ())}


def test_rules_answer_four_lines_in_five() -> None:
    assert len(LINES) >= 80
    assert sum(meant_by(case["line"], shell=True) is not None for case in LINES) >= 0.8 * len(LINES)


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("apt-get install -y a b=1.2", {"name": ["a", "b=1.2"], "state": "present"}),
        ("apt-get purge -y a", {"name": "a", "state": "absent", "purge": True}),
        ("systemctl enable --now a", {"name": "a", "enabled": True, "state": "started"}),
        ("systemctl disable a", {"name": "a", "enabled": False}),
        ("chmod 755 /a", {"path": "/a", "mode": "0755"}),
        ("chmod -R u=rwX,go= /a", {"path": "/a", "mode": "u=rwX,go=", "state": "directory", "recurse": True}),
        ("chown {{ u }}:{{ g.h }} /a", {"path": "/a", "owner": "{{ u }}", "group": "{{ g.h }}"}),
        ("chown root /a", {"path": "/a", "owner": "root"}),
        ("ln -s ../b /a", {"src": "../b", "dest": "/a", "state": "link"}),
        (
            "tar xzf /a.tgz -C /b --strip-components=2",
            {"src": "/a.tgz", "dest": "/b", "remote_src": True, "extra_opts": ["--strip-components=2"]},
        ),
        ("tar czf /a.tgz -C /b c", {"path": "/b/c", "dest": "/a.tgz", "format": "gz"}),
        ("sed -i 's/a/b/' /f", {"path": "/f", "regexp": "^(.*?)a", "replace": r"\g<1>b"}),
        ("echo a b | tee /f", {"content": "a b\n", "dest": "/f"}),
        ("echo a | sudo tee -a /f >/dev/null", {"path": "/f", "line": "a", "create": True}),
        ("systemctl enable a && systemctl start a", {"name": "a", "enabled": True, "state": "started"}),
        (
            "systemctl daemon-reload && systemctl restart a",
            {"daemon_reload": True, "name": "a", "state": "restarted"},
        ),
        (
            "firewall-cmd --permanent --add-port=1/tcp && firewall-cmd --reload",
            {"port": "1/tcp", "permanent": True, "state": "enabled", "immediate": True},
        ),
        (
            "docker run -d --name a -p 80:80 -p 443:443 -v /b:/c --restart always d:1 run it",
            {"name": "a", "restart_policy": "always", "image": "d:1", "published_ports": ["80:80", "443:443"],
             "volumes": ["/b:/c"], "command": ["run", "it"], "state": "started"},
        ),
        (
            "docker compose -f /a/b.yml up -d",
            {"project_src": "/a", "state": "present", "files": ["b.yml"]},
        ),
        (
            "helm upgrade --install a b/c --version 2 -n d",
            {"name": "a", "chart_ref": "b/c", "release_namespace": "d", "chart_version": "2"},
        ),
        ("wget -P /opt/ http://x/y", {"url": "http://x/y", "dest": "/opt/"}),
        ("useradd -r a", {"name": "a", "system": True, "create_home": False}),
        ("usermod -aG a,b c", {"name": "c", "groups": ["a", "b"], "append": True}),
        ("git clone -b v1 http://x/y.git /z", {"repo": "http://x/y.git", "dest": "/z", "version": "v1",
                                               "recursive": False}),
        (r"sed -i 's/^#\?A=.*$/A=1/' /f", {"path": "/f", "regexp": "^#?A=.*$", "replace": "A=1"}),
        ("echo a  b >> /f", {"path": "/f", "line": "a b", "create": True}),
        ("echo 'a  $b' > /f", {"content": "a  $b\n", "dest": "/f"}),
        ("iptables -t nat -I PREROUTING -p udp --dport 53 -j DROP",
         {"table": "nat", "chain": "PREROUTING", "protocol": "udp", "destination_port": "53", "jump": "DROP",
          "action": "insert"}),
    ],
)  # fmt: skip
def test_options_say_what_the_flags_said(line: str, options: dict[str, Any]) -> None:
    meant = meant_by(line, shell=True)
    assert meant is not None
    assert meant.options == options


@pytest.mark.parametrize(
    "line",
    [
        "docker run --name a b",  # not detached: it is waited for
        "docker run -d --name a -e B=c d",
        "docker run -d --name a -v ./b:/c d",
        "mysql -e 'CREATE DATABASE a; DROP DATABASE b'",
        "psql -c 'ALTER TABLE a ADD b int'",
        "systemctl restart a && systemctl daemon-reload",
        "systemctl stop a && systemctl start a",
        "systemctl enable a && systemctl start b",
        "echo a | tee /b /c",
        "echo 'a | tee /b'",
        "cat /a | tee /b",
        "curl -k https://x/y | apt-key add -",
        "echo 'a b' | debconf-set-selections",
        "sysctl -p",
        "mount -t nfs -o remount,ro a:/b /c",
        "setfacl -b /a",
        "helm install a ./b",
        "kubectl delete pod a",
        "FOO=bar apt-get install -y a",
        "tar czf /a.tgz -C /b c/d",
        "git config user.name a",
        "apt-get install -y $PACKAGES",
        "apt-get install -y nginx || true",
        "apt-get install -y nginx; echo done",
        "apt-get install -y --fix-broken",
        "apt-get install -y nginx-",
        "apt-get install -y nginx && reboot",
        "rm -rf /tmp/*",
        "rm -rf /srv/app/..",
        "rm -rf build",
        "rm -rf /a /b",
        "mkdir -p /srv/{a,b}",
        "mkdir app",
        "touch /a > /b",
        "chmod $(cat mode) /a",
        "chmod 0999 /a",
        "chown a: /a",
        "echo $HOME >> /etc/hosts",
        'echo "$HOME" >> /etc/hosts',
        "echo -e 'a\\nb' >> /etc/hosts",
        "echo a >> hosts",
        "echo 1 > /proc/sys/net/ipv4/ip_forward",
        "sudo echo a >> /etc/hosts",
        "sed -i 's/\\(a\\)/\\1b/g' /f",
        "sed -i 's/[^x]*/b/g' /f",
        "sed -i.bak 's/^a/b/' /f",
        "sed 's/^a/b/' /f",
        "sed -i 's/^a/b/' /f /g",
        "sed -i 's/a*/b/g' /f",
        "curl -k -o /a https://x/y",
        "curl -X POST -o /a https://x/y",
        "curl -o a https://x/y",
        "curl https://x/y | sh",
        "git clone https://x/y.git",
        "git -C /srv pull",
        "cp -r /a /b",
        "cp a /b",
        "ln /a /b",
        "ln -s /a /b/",
        "systemctl restart a b",
        "systemctl is-active a",
        "systemctl restart 'a*'",
        "systemctl restart a --force",
        "service a status",
        "useradd -p secret a",
        "docker compose up -d",
        "make install",
        "iptables -A INPUT -m state --state NEW -j ACCEPT",
        "FOO=1 apt-get install -y a",
        "if true; then apt-get update; fi",
        "cat <<EOF > /a\nb\nEOF",
        "apt-get install -y a 2>/dev/null",
        "apt-get install -y a > /dev/null 2>&1",
        "/opt/other/systemctl restart a",
        "nice apt-get update",
        "service auditd restart",
        "zypper -n install python-xml",
        "apt-get install -y python3-apt curl",
    ],
)
def test_where_a_shell_does_more_or_a_flag_is_not_known_no_rule_answers(line: str) -> None:
    assert meant_by(line, shell=True) is None


def test_a_command_has_no_operators(catalog: Catalog) -> None:
    assert meant_by("echo a > /b", shell=False) is None
    assert meant_by("mkdir -p /a && chown b /a", shell=False) is None
    check_left(catalog, "- command: echo a >> /b\n")


@pytest.mark.parametrize(
    ("pattern", "extended", "expected"),
    [
        ("a+b", False, r"a\+b"),
        ("a+b", True, "a+b"),
        (r"a\+b", False, "a+b"),
        (r"^\s*x", False, r"^[ \t]*x"),
        ("a{2}", False, r"a\{2\}"),
        ("(a)", True, None),
        ("a^b", False, None),
        ("[[:space:]]a", False, None),
        ("*a", False, None),
        ("a*", False, None),
        (r"\<a", False, None),
    ],
)
def test_a_pattern_of_sed_means_the_same_to_python_or_is_left(
    pattern: str, extended: bool, expected: str | None
) -> None:
    assert to_python(pattern, extended=extended) == expected


def test_the_rest_of_the_task_stays_as_it_is(catalog: Catalog) -> None:
    check_replaced(
        catalog,
        "- name: A  # why\n  shell: mkdir -p /srv && chown app:app /srv  # this\n  when:   x\n  tags: [a]\n",
        "- name: A  # why\n  ansible.builtin.file:\n    path: /srv\n    state: directory\n    owner: app\n"
        "    group: app  # this\n  when:   x\n  tags: [a]\n",
    )


def test_sudo_becomes_become(catalog: Catalog) -> None:
    check_replaced(
        catalog,
        "- name: A\n  command: sudo -u app touch /a\n  tags: b\n",
        "- name: A\n  ansible.builtin.file:\n    path: /a\n    state: touch\n  become: true\n"
        "  become_user: app\n  tags: b\n",
    )


def test_the_folder_and_the_condition_of_a_command_count(catalog: Catalog) -> None:
    check_replaced(
        catalog,
        "- shell: tar xzf /tmp/a.tgz\n  args:\n    chdir: /opt\n    creates: /opt/a\n  become: true\n",
        "- ansible.builtin.unarchive:\n    src: /tmp/a.tgz\n    dest: /opt\n    remote_src: true\n"
        "    creates: /opt/a\n  become: true\n",
    )
    check_replaced(
        catalog,
        "- command: git clone https://x/y.git /opt/y creates=/opt/y/.git\n",
        "- ansible.builtin.git:\n    repo: https://x/y.git\n    dest: /opt/y\n    recursive: false\n"
        "    update: false\n",
    )
    check_left(catalog, "- command: touch /a creates=/b\n")
    check_left(catalog, "- command: touch /a removes=/b\n")


@pytest.mark.parametrize(
    "rest",
    [
        "  register: x\n- debug: {var: x.stdout}\n",
        "  register: x\n  changed_when: \"'a' in x.stdout\"\n",
        "  failed_when: false\n",
        "  async: 10\n",
        "  args: {stdin: a}\n",
    ],
)
def test_a_command_whose_output_or_code_matters_is_left(catalog: Catalog, rest: str) -> None:
    check_left(catalog, f"- shell: touch /a\n{rest}")


def test_a_module_that_is_not_installed_is_not_offered(catalog: Catalog) -> None:
    text = "- shell: snap install a\n"
    if catalog.module("community.general.snap") is None:
        check_left(catalog, text)
    else:
        check_replaced(catalog, text, "- community.general.snap:\n    name: a\n    state: present\n")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abcdrmtouchsegit -/'\"{}$&>|\\;\n=.*[]", max_size=60), st.booleans())
def test_whatever_the_line_nothing_raises(line: str, shell: bool) -> None:
    meant_by(line, shell=shell)
