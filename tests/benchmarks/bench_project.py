"""How fast a project of many files is read, and facts are there again after one change.

    python tests/benchmarks/bench_project.py [--roles 400]

Writes a workspace of roles with five YAML files each (2,000 files by default) into a temporary folder.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.config import Settings

TASK = """\
- name: Install {role} part {n}
  ansible.builtin.apt:
    name: "{{{{ {role}_package_{n} }}}}"
    state: present
    update_cache: true
  register: {role}_result_{n}
  notify: restart {role}
  when: {role}_enabled | bool
  tags: [{role}, packages]

"""


def write_workspace(root: Path, n_roles: int) -> int:
    """Writes the workspace and returns how many YAML files it has."""
    for number in range(n_roles):
        role = f"role{number}"
        files = {
            "tasks/main.yml": "".join(TASK.format(role=role, n=n) for n in range(12)),
            "handlers/main.yml": f"- name: restart {role}\n  service: name={role} state=restarted\n",
            "defaults/main.yml": "".join(f"{role}_package_{n}: p{n}\n" for n in range(12)),
            "vars/main.yml": f"{role}_dir: /etc/{role}\n",
            "meta/main.yml": f"dependencies:\n  - role: role{number // 2}\n",
        }
        for path, text in files.items():
            target = root / "roles" / role / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    roles = "".join(f"    - role{number}\n" for number in range(0, n_roles, 10))
    (root / "site.yml").write_text(f"- hosts: all\n  roles:\n{roles}")
    return n_roles * 5 + 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--roles", type=int, default=400)
    options = parser.parse_args()
    catalog = Catalog.open(Settings(), None)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        n_files = write_workspace(root, options.roles)
        project = Project(root, catalog)
        began = time.perf_counter()
        project.refresh()
        path = root / "roles/role7/tasks/main.yml"
        text = path.read_text()
        project.facts(str(path), text, 3)
        took_s = time.perf_counter() - began
        print(f"{n_files} files, {len(project.tasks())} tasks: facts ready in {took_s:.2f} s")
        took: list[float] = []
        for n in range(50):
            changed = f"{text}- name: Change {n}\n"
            began = time.perf_counter()
            project.update(path, changed)
            project.facts(str(path), changed, changed.count("\n") - 1)
            project.tasks()
            took.append((time.perf_counter() - began) * 1e3)
        took.sort()
        print(f"after one change: p50 {took[25]:.1f} ms, p95 {took[47]:.1f} ms, max {took[-1]:.1f} ms")
        began = time.perf_counter()
        project.rescan()
        print(f"nothing changed on disk: {(time.perf_counter() - began) * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
