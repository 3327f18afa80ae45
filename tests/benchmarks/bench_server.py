"""How fast a running server is, beside a server of pygls alone that is asked the same in the same run.

    python tests/benchmarks/bench_server.py [PART]... [--rounds 200] [--starts 7] [--seconds 20] [--keys 5000]

Parts: `start`, `requests`, `recall`, `keystrokes`, `steady`, `memory`, `embedded`; all of them where none is
named. `--keys 200000` is an hour of typing. The two servers take turns, so that what else the machine does
falls on both. `wall` is what an editor waits, `cpu` what the process and its threads had a processor for: on
a busy machine the second is the one to compare. Both are in milliseconds, as median / 95th percentile / most.

To see where the time goes while it runs:  py-spy record --pid PID --output flame.svg --gil
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

BARE = Path(__file__).with_name("bare_server.py")
TASK = """\
    - name: Write the configuration of site {n}
      ansible.builtin.template:
        src: site.conf.j2
        dest: /etc/nginx/conf.d/site{n}.conf
        owner: root
        mode: "0644"
      notify: Restart nginx

    - name: Check site {n}
      ansible.builtin.command: curl -s http://localhost:80{n}/
      register: answer
      changed_when: false

"""
HEAD = "---\n- name: Web\n  hosts: web\n  tasks:\n"
WRITTEN = "ansible.builtin.package:\n        name: whatsit\n        state: present"
TYPED = "- name: Install nginx{n:07}\n      ansible.builtin.package:\n        name: nginx{n:07}\n        sta"


#: After so long without a key a server has tidied up.
IDLE_S = 16.0


def playbook(n_lines: int) -> str:
    """A playbook of about `n_lines` lines."""
    return HEAD + "".join(TASK.format(n=n) for n in range(n_lines // TASK.count("\n")))


def cpu_s(pid: int) -> float:
    """Seconds that a process and its threads have had a processor."""
    nanoseconds = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            nanoseconds += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return nanoseconds / 1e9


class Client:
    """One server process, asked in turn and waited for."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, *command],
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._n = 0

    def initialize(self, root: Path) -> None:
        folder = {"uri": root.as_uri(), "name": root.name}
        self.ask("initialize", {"processId": None, "capabilities": {}, "workspaceFolders": [folder]})
        self.notify("initialized", {})

    def notify(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        self._n += 1
        self._send({"jsonrpc": "2.0", "id": self._n, "method": method, "params": params})
        while True:
            answer = self._receive()
            if answer.get("id") == self._n:
                return answer.get("result")

    def open(self, uri: str, text: str) -> None:
        self.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": "ansible", "version": 1, "text": text}},
        )

    def put(self, uri: str, version: int, line: int, column: int, text: str, to_line: int = -1) -> None:
        """`text` at a place, or instead of all from there up to the end of `to_line`."""
        start = {"line": line, "character": column}
        end = {"line": to_line, "character": 10_000} if to_line >= line else start
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [{"range": {"start": start, "end": end}, "text": text}],
            },
        )

    def inline(self, uri: str, line: int, column: int, *, invoked: bool = True) -> list[dict[str, Any]]:
        answer = self.ask(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": uri},
                "position": {"line": line, "character": column},
                "context": {"triggerKind": 1 if invoked else 2},
            },
        )
        items: list[dict[str, Any]] = (answer or {}).get("items", [])
        return items

    def cpu_s(self) -> float:
        """Seconds that the process and its threads have had a processor."""
        return cpu_s(self.process.pid)

    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def _send(self, message: Any) -> None:
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return message


class Bench:
    """A folder for everything, and servers started in it."""

    def __init__(self, place: Path, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.root = place / "workspace"
        self.root.mkdir()
        self.place = place
        script = place / "script.json"
        script.write_text(json.dumps({"rules": [{"match": "", "text": WRITTEN}]}), encoding="utf-8")
        self.scripted = {
            "CHIRON_MODEL": f"fake:{script}",
            "CHIRON_SUGGEST__RECALL_THRESHOLD": "1",
            "CHIRON_SUGGEST__PATIENCE_MS": "600000",
        }

    def environ(self, **over: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CHIRON_")}
        mine = {
            "CHIRON_CONFIG": str(self.place / "config.toml"),
            "CHIRON_DATA_DIR": str(self.place / "data"),
            "CHIRON_CACHE_DIR": str(self.place / "cache"),
            "CHIRON_MODEL": "none",
        }
        return {**kept, **mine, **over}

    @contextlib.contextmanager
    def server(self, *command: str, **over: str) -> Iterator[Client]:
        client = Client(command or ("-m", "chiron", "serve"), self.environ(**over))
        try:
            yield client
        finally:
            client.end()

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()


SUBJECTS = ("nginx", "postgres", "redis", "haproxy", "the firewall", "the backup", "the mirror", "the agent")
DEEDS = (
    ("Install {s}", "ansible.builtin.package:\n    name: {w}\n    state: present"),
    ("Write the configuration of {s} {n}", 'ansible.builtin.template:\n    src: {w}{n}.conf.j2\n'
     '    dest: "/etc/{w}/{w}{n}.conf"\n    mode: "0644"\n  notify: Restart {w}'),
    ("Create the directory {n} for {s}", 'ansible.builtin.file:\n    path: "{{{{ {w}_home }}}}/d{n}"\n'
     "    state: directory\n    owner: {w}"),
    ("Start {s}", "ansible.builtin.service:\n    name: {w}\n    state: started\n    enabled: true"),
    ("Check version {n} of {s}", "ansible.builtin.command: {w} --version\n  register: {w}_{n}\n"
     "  changed_when: false"),
)  # fmt: skip


def write_workspace(root: Path, n_tasks: int) -> None:
    """Roles of fifty tasks each, with defaults, handlers and templates, and a playbook that uses them."""
    roles = [f"role{n}" for n in range(n_tasks // 50)]
    for number, role in enumerate(roles):
        folder = root / "roles" / role
        for name in ("tasks", "defaults", "handlers", "templates"):
            (folder / name).mkdir(parents=True)
        said = SUBJECTS[number % len(SUBJECTS)]
        word = f"{said.split()[-1]}{number}"
        tasks = []
        for n in range(50):
            name, body = DEEDS[n % len(DEEDS)]
            tasks.append(f"- name: {name}\n  {body}\n".format(s=said, w=word, n=n))
        (folder / "tasks/main.yml").write_text("---\n" + "\n".join(tasks), encoding="utf-8")
        (folder / "defaults/main.yml").write_text(f"{word}_home: /srv/{word}\n", encoding="utf-8")
        (folder / "handlers/main.yml").write_text(
            f"- name: Restart {word}\n  ansible.builtin.service:\n    name: {word}\n    state: restarted\n",
            encoding="utf-8",
        )
        (folder / f"templates/{word}1.conf.j2").touch()
    plays = "".join(f"- hosts: {role}\n  roles:\n    - {role}\n" for role in roles)
    (root / "all.yml").write_text("---\n" + plays, encoding="utf-8")


def shown(values: Sequence[float]) -> str:
    """Milliseconds of seconds: median, 95th percentile, most."""
    ordered = sorted(value * 1000 for value in values)
    late = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{statistics.median(ordered):8.2f} /{late:8.2f} /{ordered[-1]:8.2f}"


def row(what: str, wall: Sequence[float], cpu: Sequence[float] = ()) -> None:
    print(f"{what:58} wall {shown(wall)}" + (f"   cpu {shown(cpu)}" if cpu else ""), flush=True)


def measured(client: Client, call: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the server's processor that `call` takes."""
    cpu, began = client.cpu_s(), time.perf_counter()
    call()
    return time.perf_counter() - began, client.cpu_s() - cpu


def start(bench: Bench) -> None:
    """A cold process until it has answered `initialize`, and `chiron --help`."""
    kinds = {"bare pygls": (str(BARE),), "chiron": ("-m", "chiron", "serve")}
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    helps: list[tuple[float, float]] = []
    for _ in range(bench.arguments.starts):
        for name, command in kinds.items():
            with bench.server(*command) as client:
                client.initialize(bench.root)
                figures[name].append((time.perf_counter() - client.began, client.cpu_s()))
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, "-m", "chiron", "--help"], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        helps.append((time.perf_counter() - began, cpu))
    for name, values in figures.items():
        row(f"initialize answered, cold process, {name}", *zip(*values, strict=True))
    both = zip(figures["chiron"], figures["bare pygls"], strict=True)
    row("  beyond bare pygls", *zip(*((a[0] - b[0], a[1] - b[1]) for a, b in both), strict=True))
    row("chiron --help", *zip(*helps, strict=True))


def requests(bench: Bench) -> None:
    """Requests in a playbook of 1,000 lines, each for a task that was not asked about before."""
    text = playbook(1000)
    line = text.count("\n")
    with bench.server(str(BARE)) as bare, bench.server(**bench.scripted) as chiron:
        for client in (bare, chiron):
            client.initialize(bench.root)
            client.open(bench.uri("site.yml"), text)
        time.sleep(5)
        figures: dict[str, list[tuple[float, float]]] = {
            name: [] for name in ("bare", "chiron", "left", "again")
        }
        for n in range(bench.arguments.rounds + 10):
            name = f"    - name: Frobnicate the whatsit {n}"
            both: dict[str, tuple[float, float]] = {}
            for client, kind in ((bare, "bare"), (chiron, "chiron")):
                client.put(bench.uri("site.yml"), 2 * n + 2, line, 0, name, to_line=line + 1)

                def ask(client: Client = client, column: int = len(name)) -> list[dict[str, Any]]:
                    return client.inline(bench.uri("site.yml"), line, column)

                both[kind] = measured(client, ask)
            again = measured(chiron, ask)
            chiron.put(bench.uri("site.yml"), 2 * n + 3, line, len(name), "\n      ansible.b")
            left = measured(chiron, lambda: chiron.inline(bench.uri("site.yml"), line + 1, 15))
            time.sleep(bench.arguments.pause)
            if n >= 10:
                for kind, value in {**both, "again": again, "left": left}.items():
                    figures[kind].append(value)
    row("inline completion, 1,000 lines, bare pygls", *zip(*figures["bare"], strict=True))
    row("inline completion, 1,000 lines, scripted model", *zip(*figures["chiron"], strict=True))
    pairs = zip(figures["chiron"], figures["bare"], strict=True)
    row("  added by Chiron", *zip(*((a[0] - b[0], a[1] - b[1]) for a, b in pairs), strict=True))
    row("asked again in the same place (memory)", *zip(*figures["again"], strict=True))
    row("typed through (memory)", *zip(*figures["left"], strict=True))


def recall(bench: Bench) -> None:
    """Requests in a playbook of 1,000 lines without a model, the workspace holding thousands of tasks."""
    write_workspace(bench.root, bench.arguments.tasks)
    text = playbook(1000)
    line = text.count("\n")
    with bench.server() as chiron:
        chiron.initialize(bench.root)
        chiron.open(bench.uri("site.yml"), text)
        wait_until_quiet(chiron)
        figures = []
        for n in range(bench.arguments.rounds + 10):
            name = f"    - name: {DEEDS[n % len(DEEDS)][0]}".format(s=SUBJECTS[n % len(SUBJECTS)], n=n)
            chiron.put(bench.uri("site.yml"), 2 * n + 2, line, 0, name, to_line=line + 1)

            def ask(column: int = len(name)) -> list[dict[str, Any]]:
                return chiron.inline(bench.uri("site.yml"), line, column)

            took = measured(chiron, ask)
            time.sleep(bench.arguments.pause)
            if n >= 10:
                figures.append(took)
    row(f"inline completion, {bench.arguments.tasks:,} tasks, recall alone", *zip(*figures, strict=True))


def keystrokes(bench: Bench) -> None:
    """`didChange` of one key in a file of 5,000 lines. It has no answer, so a trifle is asked behind it."""
    text = playbook(5000)
    with bench.server(str(BARE)) as bare, bench.server() as chiron:
        for client in (bare, chiron):
            client.initialize(bench.root)
            client.open(bench.uri("site.yml"), text)
            client.ask("$/trifle", {})
        time.sleep(5)  # what is done in the background after a start is none of a keystroke's time
        for client, name in ((bare, "bare pygls"), (chiron, "chiron")):
            for place, line in (("near the top", 20), ("in the middle", text.count("\n") // 2)):
                figures = []
                for n in range(bench.arguments.rounds):
                    trifle = measured(client, lambda client=client: client.ask("$/trifle", {}))  # type: ignore[misc]

                    def key(client: Client = client, n: int = n, line: int = line) -> None:
                        client.put(bench.uri("site.yml"), n + 2, line, 0, "#")
                        client.ask("$/trifle", {})

                    both = measured(client, key)
                    figures.append((both[0] - trifle[0], both[1] - trifle[1]))
                row(f"didChange, 5,000 lines, {place}, {name}", *zip(*figures, strict=True))


def steady(bench: Bench) -> None:
    """Typing eight keys a second with a request after each, without a model: the share of one core."""
    text = playbook(1000)
    with bench.server(str(BARE)) as bare, bench.server() as chiron:
        for client, name in ((bare, "bare pygls"), (chiron, "chiron")):
            client.initialize(bench.root)
            client.open(bench.uri("site.yml"), text)
            type_keys(client, bench, text, 40)
            time.sleep(3)
            cpu, began = client.cpu_s(), time.perf_counter()
            n_keys = int(bench.arguments.seconds * 8)
            type_keys(client, bench, text, n_keys, per_second=8)
            share = (client.cpu_s() - cpu) / (time.perf_counter() - began)
            idle_cpu, idle_began = client.cpu_s(), time.perf_counter()
            time.sleep(min(10.0, bench.arguments.seconds))
            idle = (client.cpu_s() - idle_cpu) / (time.perf_counter() - idle_began)
            print(
                f"8 keys a second, 1,000 lines, {name}: {share:.1%} of a core, then idle {idle:.1%}",
                flush=True,
            )


def memory(bench: Bench) -> None:
    """What typing leaves behind in an idle server: a warm-up of a twentieth of the keys, then all of them.

    Every task that is typed has another name, so that what is kept by text is filled as a long day fills it.
    """
    text = playbook(1000)
    with bench.server() as chiron:
        chiron.initialize(bench.root)
        chiron.open(bench.uri("site.yml"), text)
        time.sleep(6)
        fresh = chiron.memory_mb()
        n_keys = bench.arguments.keys
        type_keys(chiron, bench, text, max(400, n_keys // 20), first_task=1_000_000)
        time.sleep(IDLE_S)
        before = chiron.memory_mb()
        print(f"memory: {fresh:.1f} MB when started, {before:.1f} MB after the warm-up", flush=True)
        took_s, cpu = 0.0, chiron.cpu_s()
        for tenth in range(10):
            began = time.perf_counter()
            type_keys(chiron, bench, text, n_keys // 10, first_task=tenth * n_keys)
            took_s += time.perf_counter() - began
            print(f"  after {(tenth + 1) * n_keys // 10:8,} keys {chiron.memory_mb():7.1f} MB", flush=True)
        cpu = chiron.cpu_s() - cpu
        time.sleep(IDLE_S)
        after = chiron.memory_mb()
        print(
            f"memory: {before:.1f} MB before, {after:.1f} MB after {n_keys:,} keystrokes "
            f"({(after - before) / before:+.1%}), {n_keys / took_s:.0f} keys a second, "
            f"{cpu / n_keys * 1000:.2f} ms of processor time each",
            flush=True,
        )


def embedded(bench: Bench) -> None:
    """Ghost text from the embedded model: the first of all, in a warm file, and in one it has not read yet.

    `cpu` is what the model's own server had, all its threads together.
    """
    text = playbook(200)
    line = text.count("\n")
    texts = {"site.yml": text, "other.yml": text.replace("site", "shop")}
    settings = {**bench.scripted, "CHIRON_MODEL": "embedded"}

    def begin(chiron: Client) -> None:
        chiron.initialize(bench.root)
        for name, written in texts.items():
            chiron.open(bench.uri(name), written)

    def ask(chiron: Client, name: str, n: int) -> tuple[float, float]:
        task = f"    - name: Frobnicate the whatsit {n}"
        chiron.put(bench.uri(name), n + 2, line, 0, task, to_line=line + 1)
        model = state_of_embedded(bench)
        cpu, began = cpu_s(model) if model else 0.0, time.perf_counter()
        chiron.inline(bench.uri(name), line, len(task))
        took_s = time.perf_counter() - began
        return took_s, cpu_s(state_of_embedded(bench) or 0) - cpu

    def end_model() -> None:
        if (pid := state_of_embedded(bench)) is not None:
            os.kill(pid, 15)
            time.sleep(2)

    try:
        with bench.server(**settings) as chiron:
            begin(chiron)
            row("first of all, asked at once", *zip(ask(chiron, "site.yml", 0), strict=True))
        end_model()
        with bench.server(**settings) as chiron:
            begin(chiron)
            time.sleep(10)  # as long as it takes to begin writing: the model is started meanwhile
            row("first of all, 10 s after the start", *zip(ask(chiron, "site.yml", 0), strict=True))
            for name, what in (("site.yml", "in the same file"), ("other.yml", "in a file it has not read")):
                if name == "other.yml":
                    row(what, *zip(ask(chiron, name, 9), strict=True))
                later = [ask(chiron, name, n) for n in range(10, 18)]
                row(f"{what}, later tasks", *zip(*later, strict=True))
    finally:
        end_model()


def state_of_embedded(bench: Bench) -> int | None:
    """The process of the embedded server, if one runs."""
    for file in (bench.place / "cache" / "embedded").glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            return int(json.loads(file.read_text(encoding="utf-8"))["pid"])
    return None


def wait_until_quiet(client: Client) -> None:
    """Returns when the server has had nothing to do for a second: what a start begins is over then."""
    before = -1.0
    while client.cpu_s() - before > 0.05:
        before = client.cpu_s()
        time.sleep(1)


def type_keys(
    client: Client, bench: Bench, text: str, n_keys: int, per_second: float = 0.0, first_task: int = 0
) -> None:
    """Types tasks at the end of a playbook, asking after each key; every task is taken back when written.

    Each has a number in its name, from `first_task` on.
    """
    uri, first = bench.uri("site.yml"), text.count("\n")
    version, began = 1_000, time.perf_counter()
    left, line, column = "", first, 4
    for n in range(n_keys):
        if not left:
            client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
            client.open(uri, text)
            client.put(uri, version, first, 0, "    ")
            left, line, column = TYPED.format(n=first_task + n), first, 4
        key, left = left[0], left[1:]
        client.put(uri, version + n, line, column, key)
        line, column = (line + 1, 0) if key == "\n" else (line, column + 1)
        client.inline(uri, line, column, invoked=False)
        if per_second:
            time.sleep(max(0.0, began + (n + 1) / per_second - time.perf_counter()))


PARTS: Mapping[str, Callable[[Bench], None]] = {
    "start": start,
    "requests": requests,
    "recall": recall,
    "keystrokes": keystrokes,
    "steady": steady,
    "memory": memory,
    "embedded": embedded,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between two requests")
    parser.add_argument("--keys", type=int, default=5000)
    parser.add_argument("--tasks", type=int, default=5000, help="tasks of the workspace, for `recall`")
    arguments = parser.parse_args()
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(f"{os.cpu_count()} processors, {load:.1f} processes waiting for each")
    for name in arguments.parts or PARTS:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
            PARTS[name](Bench(Path(place).resolve(), arguments))


if __name__ == "__main__":
    main()
