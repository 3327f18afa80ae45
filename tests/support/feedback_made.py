"""A made-up feedback log of any size: what half a year of suggestions could look like.

The same seed makes the same rows. Nothing in it is anybody's: names, tasks and outcomes are drawn by lot.
`python tests/support/feedback_made.py FILE 100000` writes one.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from chiron.records import (
    Event,
    EventKind,
    Evidence,
    Ground,
    Origin,
    ScopeKind,
    Source,
    SuggestionRecord,
    Trigger,
)
from chiron.store.feedback_file import connect
from chiron.store.feedback_insert import insert

#: 15 June 2026, noon UTC: when the youngest suggestion was made unless told otherwise.
UNTIL_MS = 1_781_524_800_000
_DAY_MS = 86_400_000

#: Name, module and the module's lines; `{0}` is a thing drawn by lot.
_TASKS: tuple[tuple[str, str, str], ...] = (
    ("Install {0}", "ansible.builtin.package", "name: {0}\nstate: present"),
    ("Install {0} from apt", "ansible.builtin.apt", "name: {0}\nstate: present\nupdate_cache: true"),
    ("Start {0}", "ansible.builtin.service", "name: {0}\nstate: started\nenabled: true"),
    ("Restart {0}", "ansible.builtin.systemd_service", "name: {0}\nstate: restarted\ndaemon_reload: true"),
    (
        "Write the configuration of {0}",
        "ansible.builtin.template",
        'src: {0}.conf.j2\ndest: /etc/{0}/{0}.conf\nowner: root\ngroup: root\nmode: "0644"',
    ),
    (
        "Copy the keys of {0}",
        "ansible.builtin.copy",
        'src: "{{ {0}_keys }}"\ndest: /etc/{0}/keys\nmode: "0600"',
    ),
    (
        "Make the directory of {0}",
        "ansible.builtin.file",
        'path: /var/lib/{0}\nstate: directory\nowner: {0}\nmode: "0750"',
    ),
    (
        "Add the user {0}",
        "ansible.builtin.user",
        "name: {0}\nsystem: true\nshell: /usr/sbin/nologin\ncreate_home: false",
    ),
    ("Add the group {0}", "ansible.builtin.group", "name: {0}\nsystem: true"),
    (
        "Set the port of {0}",
        "ansible.builtin.lineinfile",
        "path: /etc/{0}/{0}.conf\nregexp: ^port\nline: port = {{ {0}_port }}",
    ),
    (
        "Download {0}",
        "ansible.builtin.get_url",
        'url: "{{ {0}_url }}"\ndest: /tmp/{0}.tar.gz\nchecksum: "{{ {0}_checksum }}"',
    ),
    ("Unpack {0}", "ansible.builtin.unarchive", "src: /tmp/{0}.tar.gz\ndest: /opt/{0}\nremote_src: true"),
    ("Wait for {0}", "ansible.builtin.wait_for", 'port: "{{ {0}_port }}"\ntimeout: 60'),
    ("Ask {0} for its version", "ansible.builtin.command", "cmd: {0} --version"),
    ("Run the migrations of {0}", "ansible.builtin.shell", "cmd: cd /opt/{0} && ./migrate"),
    ("Clone {0}", "ansible.builtin.git", 'repo: "{{ {0}_repo }}"\ndest: /opt/{0}\nversion: main'),
    (
        "Run {0} every night",
        "ansible.builtin.cron",
        'name: {0}\nminute: "0"\nhour: "3"\njob: /opt/{0}/run',
    ),
    ("Look whether {0} is there", "ansible.builtin.stat", "path: /opt/{0}/bin/{0}"),
    (
        "Open the port of {0}",
        "ansible.posix.firewalld",
        "port: {{ {0}_port }}/tcp\npermanent: true\nstate: enabled",
    ),
    ("Create the database of {0}", "community.postgresql.postgresql_db", "name: {0}\nencoding: UTF-8"),
)
_THINGS = (
    "nginx", "redis", "postgres", "grafana", "haproxy", "chrony", "node_exporter", "webshop", "rabbitmq",
    "certbot", "backup", "gitea", "keycloak", "minio", "prometheus", "traefik", "vault", "wiki",
)  # fmt: skip
_ROLES = ("web", "database", "monitoring", "common", "backup", "proxy", "mail", "ci")
_HELD = (
    ("invalid", "`stat` is no choice of `state`."),
    ("unknown-reference", "No handler is called `reload everything`."),
    ("incomplete", "`dest` is required."),
    ("not-parsed", "While parsing a block mapping."),
    ("unknown-module", "`community.general.frob` is not installed here."),
    ("plain-secret", "`password` holds a literal."),
    ("nothing-good", "The model had nothing that passed."),
)
_SOURCES = (Source.RECALL, Source.MODEL, Source.CACHE)
_ENDS = (
    EventKind.ACCEPTED,
    EventKind.TYPED_OVER,
    EventKind.REJECTED,
    EventKind.EXPIRED,
    EventKind.MOVED_AWAY,
    EventKind.SUPERSEDED,
)
_LABELS = ("good", "good", "good", "wrong_module", "wrong_option", "wrong_value", "style", "not_needed")


def write(path: Path, n: int, *, seed: int = 1, until_ms: int = UNTIL_MS, labelled: float = 0.01) -> None:
    """Puts `n` suggestions and all their events into the feedback file at `path`."""
    connection = connect(path)
    # Speed only: a file that is made for a test can be made again.
    connection.execute("PRAGMA synchronous = OFF")
    rows = made(n, seed=seed, until_ms=until_ms, labelled=labelled)
    batch: list[SuggestionRecord | Event] = []
    connection.execute("BEGIN")
    for row in rows:
        batch.append(row)
        if len(batch) >= 5_000 and isinstance(row, SuggestionRecord):
            # What follows belongs to `row`, so it opens the next batch.
            insert(connection, batch[:-1])
            batch = [row]
    insert(connection, batch)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def made(
    n: int, *, seed: int = 1, until_ms: int = UNTIL_MS, labelled: float = 0.01
) -> Iterator[SuggestionRecord | Event]:
    """`n` suggestions, oldest first, each followed by its events."""
    lot = random.Random(seed)
    since_ms = until_ms - 180 * _DAY_MS
    for number in range(n):
        # More of them lately, and none at night.
        share = (number + 0.5) / n
        at_ms = since_ms + int((share**0.8) * 180 * _DAY_MS)
        record = _suggestion(lot, number, at_ms, share)
        yield record
        yield from _events(lot, record, share, labelled)


def _suggestion(lot: random.Random, number: int, at_ms: int, share: float) -> SuggestionRecord:
    name, module, options = lot.choice(_TASKS)
    thing, role = lot.choice(_THINGS), lot.choice(_ROLES)
    name, options = name.replace("{0}", thing), options.replace("{0}", thing)
    source = lot.choices(_SOURCES, (6, 3, 1 + 3 * share))[0]
    model = None if source is Source.RECALL else lot.choices(("gemma-3-270m", "qwen-coder-7b"), (3, 2))[0]
    arm = "default" if share < 0.6 else lot.choice(("default", "prompt-3"))
    body = "".join(f"    {line}\n" for line in options.split("\n")).rstrip("\n")
    text = f"\n  {module}:\n{body}"
    line = lot.randrange(0, 120) if lot.random() < 0.9 else 0
    above = _lines_above(role, thing, min(line, 12))
    context = f"{above}- name: {name}"
    held = _HELD[lot.randrange(len(_HELD))] if lot.random() < 0.12 else None
    waited = lot.lognormvariate({"recall": 2.6, "cache": 2.2, "model": 6.2}[source.value], 0.5)
    stages = {
        "context": 4.0,
        "recall": min(waited, 20.0),
        source.value: waited,
        "guardrails": 3.5,
        "rank": 0.1,
    }
    sent = (
        f"# Ansible tasks of the role {role}, one more is wanted.\n{context}\n" if model is not None else ""
    )
    return SuggestionRecord(
        id=f"{lot.getrandbits(64):016x}",
        request_id=f"r{number:07d}",
        at_ms=at_ms,
        origin=Origin.EDITOR if lot.random() < 0.96 else lot.choice((Origin.CLI, Origin.TRY)),
        trigger=Trigger.AUTOMATIC if lot.random() < 0.8 else Trigger.INVOKED,
        scope=lot.choices((ScopeKind.TASK_BODY, ScopeKind.MODULE_OPTIONS, ScopeKind.MODULE_NAME), (12, 4, 1))[
            0
        ],
        uri=f"file:///home/somebody/site/roles/{role}/tasks/main.yml",
        line=line,
        task_name=name,
        text=text,
        source=source,
        module=module if held is None else None,
        model=model,
        context=f"{context}\n\n- name: Say that {thing} is done\n  ansible.builtin.debug:\n    msg: done\n",
        context_at=len(context),
        sent=sent,
        endpoint="http://127.0.0.1:8080/v1" if model is not None else "",
        prompt_version="task-2" if model is not None else "",
        catalog_version="c0ffee",
        pool_version="p1",
        n_prompt_tokens=lot.randrange(200, 900) if source is Source.MODEL else None,
        n_completion_tokens=lot.randrange(20, 90) if source is Source.MODEL else None,
        cost_usd=round(lot.uniform(0.0001, 0.002), 6) if source is Source.MODEL else None,
        stage_ms=stages,
        total_ms=round(sum(stages.values()), 3),
        grounds=(
            Ground("module", module, "", "2.18.1"),
            Ground("task", name, f"roles/{role}/tasks/main.yml:{line + 1}", ""),
        ),
        confidence=round(lot.betavariate(5, 2), 3),
        arm=arm,
        withheld=held[0] if held else None,
        withheld_detail=held[1] if held else "",
    )


def _lines_above(role: str, thing: str, n: int) -> str:
    """`n` lines of a file, the way a role's tasks begin."""
    lines = [
        "---",
        f"# Tasks of the role {role}.",
        f"- name: Gather what is known of {thing}",
        "  ansible.builtin.setup:",
        "    gather_subset: min",
        "",
        f"- name: Stop where {thing} is not wanted",
        "  ansible.builtin.meta: end_host",
        f"  when: not {thing}_enabled | bool",
        "",
        f"# {thing} itself",
        "",
    ]
    return "".join(f"{line}\n" for line in lines[len(lines) - n :])


def _events(lot: random.Random, record: SuggestionRecord, share: float, labelled: float) -> Iterator[Event]:
    at_ms, one = record.at_ms, record.id
    if record.withheld is None:
        yield Event(one, EventKind.OFFERED, Evidence.CONFIRMED, at_ms, {"rank": 0})
        likes = {Source.RECALL: 6.0, Source.CACHE: 5.0, Source.MODEL: 3.0}[record.source or Source.MODEL]
        likes *= 1 + 0.6 * share + (0.3 if record.arm != "default" else 0)
        end = lot.choices(_ENDS, (likes, 3, 1.2, 1.5, 1, 0.7))[0]
        if lot.random() < 0.06:
            yield Event(one, EventKind.EXPIRED, Evidence.INFERRED, at_ms + 300, {"outcome": "not_seen"})
        elif lot.random() < 0.99:
            yield Event(one, end, Evidence.OBSERVED, at_ms + 1_800, {})
            if end is EventKind.ACCEPTED:
                ratio = round(min(1.0, lot.betavariate(6, 1.2)), 4)
                same = lot.random() < 0.95
                data = {"at": "5m", "ratio": ratio, "module_unchanged": same, "strong": ratio > 0.5 and same}
                yield Event(one, EventKind.KEPT_AT, Evidence.INFERRED, at_ms + 300_000, data)
                if lot.random() < 0.04:
                    yield Event(one, EventKind.UNDONE, Evidence.INFERRED, at_ms + 9_000, {})
            elif end in (EventKind.REJECTED, EventKind.TYPED_OVER) and lot.random() < 0.6:
                instead = record.text.replace("present", "latest") + "\n  become: true"
                yield Event(
                    one, EventKind.WROTE_INSTEAD, Evidence.INFERRED, at_ms + 30_000,
                    {"text": instead, "after_ms": 28_000},
                )  # fmt: skip
    if lot.random() < labelled:
        data = {"label": lot.choice(_LABELS), "by": "review"}
        yield Event(one, EventKind.LABELLED, Evidence.CONFIRMED, at_ms + 3_600_000, data)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), until_ms=int(time.time() * 1000))
