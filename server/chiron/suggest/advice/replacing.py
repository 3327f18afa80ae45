"""A command line that no rule knows, put to a model: which modules it may be about, and how it is asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from chiron.ansible.catalog import Catalog
from chiron.ansible.rewrite.commands import COMMANDS, line_of
from chiron.errors import ModelError
from chiron.records import Capabilities, ModelRequest
from chiron.redact import Redaction, redact
from chiron.suggest.advice.actions import Target
from chiron.suggest.context import Context
from chiron.suggest.model.grammar import task_grammar

VERSION: Final = "1"
_SYSTEM: Final = (
    "You replace shell commands in Ansible by modules. Answer with the YAML of the module and its options "
    "and nothing else: no prose, no code fence. Keep every path, name, address and number of the command. "
    "Use fully qualified module names and only options the module documents. Answer `none` where no module "
    "does the same."
)
#: Programs whose modules are called otherwise: what to look for in a module's name.
_CALLED: Final = {
    "psql": "postgresql_query", "pg_dump": "postgresql", "createdb": "postgresql", "mysqladmin": "mysql",
    "rsync": "synchronize", "curl": "uri", "wget": "uri", "crontab": "cron", "kubectl": "k8s",
    "oc": "k8s", "rabbitmqctl": "rabbitmq", "ssh-keyscan": "known_hosts", "ssh-copy-id": "authorized_key",
    "manage.py": "django", "pvcreate": "lvg", "gpasswd": "group", "smbpasswd": "user", "redis-cli": "redis",
    "a2enconf": "apache2", "nmcli": "nmcli", "setenforce": "selinux", "restorecon": "sefcontext",
    "keytool": "java", "aws": "s3", "pg_restore": "postgresql", "mongosh": "mongodb", "mongo": "mongodb",
}  # fmt: skip
#: The collections that are looked into first where several have a module of such a name.
_HOMES: Final = ("ansible.builtin", "ansible.posix", "community.general")
_SHOTS: Final = (
    ("useradd -m -s /bin/bash deploy", "ansible.builtin.user", ("name: deploy", "shell: /bin/bash")),
    (
        "git clone -b v2 https://example.org/app.git /srv/app",
        "ansible.builtin.git",
        ('repo: "https://example.org/app.git"', "dest: /srv/app", "version: v2"),
    ),
    (
        "psql shop -c 'SELECT 1'",
        "community.postgresql.postgresql_query",
        ("login_db: shop", 'query: "SELECT 1"'),
    ),
    ("curl -sf http://localhost:9090/ready", "ansible.builtin.uri", ('url: "http://localhost:9090/ready"',)),
)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]+")
#: What the program counts for, next to any other word of its line.
_PROGRAM: Final = 3
_N_MODULES: Final = 5
#: A model trusted less than this is held to the likeliest module.
_CHOOSES: Final = 0.5


def modules_for(line: str, catalog: Catalog) -> list[str]:
    """The modules whose names speak of what the command line speaks of, likeliest first."""
    spoken = Counter(_spoken(line))
    programs = {word for word, weight in spoken.items() if weight >= _PROGRAM}
    scores: dict[str, float] = {}
    for name in catalog.names():
        collection, _, short = name.rpartition(".")
        first, *others = short.split("_")
        parts = {first, *others}
        if not programs & {short, first} or name in COMMANDS or short.endswith(("_info", "_facts")):
            continue
        score = sum(weight for word, weight in spoken.items() if word == short or word in parts)
        if score:
            # A name that says more than the line does is likelier about something else.
            extra = len(parts - set(spoken))
            home = _HOMES.index(collection) if collection in _HOMES else len(_HOMES)
            scores[name] = score * (2 if short in spoken else 1) - 0.4 * extra - 0.1 * home
    ranked = sorted(scores, key=lambda name: (-scores[name], name))
    found: dict[str, str] = {}
    for name in ranked:
        fqcn = catalog.resolve(name)
        if fqcn is not None and len(found) < _N_MODULES and not _is_deprecated(fqcn, catalog):
            found.setdefault(fqcn, name)
    return list(found)


def question(
    context: Context,
    task: Redaction,
    target: Target,
    able: Capabilities,
    problems: Sequence[str],
    catalog: Catalog,
) -> ModelRequest:
    """The question, redacted: a base model goes on behind the command, which stands there as a comment.

    Raises `ModelError` where a small model would have to guess the module.
    """
    scope = context.request.scope
    found = line_of(target.site)
    line = redact(" ".join(found[0].split()) if found is not None else "", known=task).text
    modules = modules_for(line, catalog)
    margin = " " * scope.indent
    if not modules and able.trust < _CHOOSES:
        said = f"No module here is called after `{line.split()[0] if line else ''}`"
        raise ModelError(f"{said}, and a small model does not find one.")
    if not able.completions:
        told = [
            f"The command:\n{line}",
            f"Modules it may be about: {', '.join(modules)}" if modules else "",
            "Your last answer had these problems: " + "; ".join(problems) if problems else "",
            f"The task:\n{task.text}",
        ]
        return ModelRequest(
            prompt="\n\n".join(part for part in told if part),
            system=_SYSTEM,
            max_tokens=300,
            temperature=0.4 if problems else 0.0,
            prompt_version=f"replace-{VERSION}-chat",
        )
    shots = "".join(
        f"{margin}# {shown}\n{margin}{module}:\n" + "".join(f"{margin}  {one}\n" for one in options) + "\n"
        for shown, module, options in _SHOTS
    )
    grammar = None
    if able.grammar:
        known = modules if able.trust >= _CHOOSES else modules[:1]
        pairs = [(name, module) for name in known if (module := catalog.module(name)) is not None]
        grammar = task_grammar(pairs, scope) if pairs else None
    return ModelRequest(
        # A small model takes for a value what stood just before: the task's name stands before the examples.
        prompt=f"{context.head}{shots}{margin}# {line}\n{margin}",
        stop=("\n\n", f"\n{margin}#", f"\n{' ' * scope.task_column}- "),
        max_tokens=120,
        temperature=0.4 if problems else 0.0,
        grammar=grammar,
        prompt_version=f"replace-{VERSION}-completion",
    )


def to_text(answered: str, margin: int) -> str | None:
    """What a model wrote as the module's lines, at the column where they belong; None where it wrote none."""
    lines = answered.strip("\n").rstrip().split("\n")
    lines[0] = lines[0].strip().removeprefix("- ")
    if not lines[0] or lines[0].rstrip(":.").lower() == "none":
        return None
    for n, line in enumerate(lines[1:], 1):
        if line.strip() == "-" or (line.strip() and not line.startswith(" ")):
            del lines[n:]  # The next task begins.
            break
    below = [len(line) - len(line.lstrip(" ")) for line in lines[1:] if line.strip()]
    # Options stand two columns in from their module, however far the answer was indented.
    shift = margin + 2 - min(below) if below else 0
    moved = [" " * max(0, len(line) - len(line.lstrip(" ")) + shift) + line.lstrip(" ") for line in lines[1:]]
    return "\n".join([" " * margin + lines[0], *moved])


def _spoken(line: str) -> Iterator[str]:
    """The words of a command line that may name a module, each as often as it counts."""
    words = [word for word in line.split() if word != "sudo"][:14]
    for n, word in enumerate(words):
        said = word.rstrip("/").rpartition("/")[2] if n == 0 or word in _CALLED else word
        named = _CALLED.get(said, said)
        if not _WORD.fullmatch(named):
            # A path or an address may end in what it is about: `/root/.ssh/known_hosts`.
            named = word.rpartition("/")[2]
        if not _WORD.fullmatch(named):
            continue
        plain = named.lower().replace("-", "_")
        # The program itself says most, and what it is told to do comes next.
        for _ in range(_PROGRAM if n == 0 or said in _CALLED else 1):
            yield plain
            if "_" in plain:
                yield from (part for part in plain.split("_") if len(part) > 2)


def _is_deprecated(fqcn: str, catalog: Catalog) -> bool:
    module = catalog.module(fqcn)
    return module is None or module.deprecated is not None
