"""How long keystrokes, scopes, kinds and blocks take.

    python tests/benchmarks/bench_syntax.py [LINES] [--wall]

Every figure is of a text written here, typed into at its beginning, middle and end, one key at a time, with
the scope looked for after each key as an editor asks for it. Times are those this thread had a processor
for, so that a busy machine doesn't count; `--wall` takes the clock's.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from chiron.records import FileKind, Position
from chiron.syntax.blocks import task_blocks
from chiron.syntax.document import Document
from chiron.syntax.kind import file_kind
from chiron.syntax.scope import find_scope

TASK = """\
- name: "Write the configuration of site {n}"
  ansible.builtin.template:
    src: site.conf.j2
    dest: "/etc/nginx/conf.d/site{n}.conf"
    owner: root
    mode: "0644"
  loop: "{{{{ sites | selectattr('enabled') }}}}"
  notify: Restart nginx

- name: Check site {n}
  ansible.builtin.shell: |
    # the answer's first line is enough
    curl -s http://localhost:80{n}/ | head -1
  register: answer
  changed_when: false
"""
TYPED = "- name: Install nginx\n  ansible.builtin.package:\n    name: nginx\n    sta"


def tasks_file(n_lines: int) -> str:
    """A tasks file of about `n_lines` lines."""
    return "---\n" + "".join(TASK.format(n=n) for n in range(n_lines // TASK.count("\n")))


def playbook(n_lines: int) -> str:
    """A playbook of one play with about `n_lines` lines of tasks."""
    tasks = tasks_file(n_lines).removeprefix("---\n").splitlines(keepends=True)
    return "- name: Web\n  hosts: web\n  tasks:\n" + "".join(
        "    " + line if line.strip() else line for line in tasks
    )


def keystrokes(text: str, kind: FileKind, share: float) -> Iterator[tuple[str, float]]:
    """Types a task into `text` at `share` of its lines; yields what was measured and its milliseconds."""
    document = Document("file:///a.yml", text)
    dash = 4 if kind is FileKind.PLAYBOOK else 0
    line = int(document.n_lines * share)
    while line < document.n_lines and not document.line(line).startswith(" " * dash + "- name"):
        line += 1
    line = min(line, document.n_lines - 1)
    start = Position(line, 0)
    document.apply(start, start, "\n", 1)
    yield "first scope", timed(partial(find_scope, document, start, kind))
    at = start
    for version, key in enumerate((" " * dash + TYPED).replace("\n", "\n" + " " * dash), 2):
        yield "apply", timed(partial(document.apply, at, at, key, version))
        at = document.position(document.offset(at) + 1)
        yield "tree", timed(partial(document.tree_of, max(at.line - 4, 0), at.line))
        yield "scope", timed(partial(find_scope, document, at, kind))


def timed(call: Callable[[], object]) -> float:
    """Milliseconds that `call` took."""
    clock = time.perf_counter if "--wall" in sys.argv else time.thread_time
    start = clock()
    call()
    return (clock() - start) * 1000


def repeat(times: int, call: Callable[[], object]) -> list[float]:
    """Milliseconds of each of `times` calls."""
    return [timed(call) for _ in range(times)]


def show(label: str, values: list[float]) -> None:
    """Prints p50, p95 and the worst of `values`."""
    ordered = sorted(values)
    p50, p95 = ordered[len(ordered) // 2], ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]
    print(f"{label:34} p50 {p50:8.3f}  p95 {p95:8.3f}  max {ordered[-1]:8.3f} ms  n {len(ordered)}")


def main() -> None:
    """Prints the percentiles."""
    n_lines = next((int(word) for word in sys.argv[1:] if word.isdigit()), 5000)
    for kind, text in ((FileKind.TASKS, tasks_file(n_lines)), (FileKind.PLAYBOOK, playbook(n_lines))):
        figures: dict[str, list[float]] = {}
        for share in (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0):
            for what, milliseconds in keystrokes(text, kind, share):
                figures.setdefault(what, []).append(milliseconds)
        for what, values in figures.items():
            show(f"{kind.value}, {n_lines} lines: {what}", values)
        figures["keystroke"] = [a + b for a, b in zip(figures["apply"], figures["tree"], strict=True)]
        show(f"{kind.value}, {n_lines} lines: apply + tree", figures["keystroke"])
        show("  open", repeat(20, partial(Document, "", text)))
        show("  kind, by content", repeat(50, partial(file_kind, None, text)))
        show("  kind, by path", repeat(50, partial(file_kind, "/r/roles/a/tasks/main.yml", text)))
        show("  blocks", repeat(10, partial(task_blocks, text)))
        nowhere = partial(find_scope, Document("", text), Position(n_lines // 2, 0), FileKind.VARS)
        show("  nothing in a vars file", repeat(100, nowhere))


if __name__ == "__main__":
    main()
