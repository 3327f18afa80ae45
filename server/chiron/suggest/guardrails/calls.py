"""A task as a call of one module, however it is written: its short name, its options, its command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible import freeform
from chiron.ansible.load import entries, value_of
from chiron.ansible.validate import keywords
from chiron.ansible.validate.values import FALSE_WORDS, TRUE_WORDS
from chiron.suggest.guardrails.check import Check, once, written_tasks

COMMANDS: Final = frozenset(
    {"command", "shell", "raw", "script", "win_command", "win_shell", "expect", "psexec"}
)
#: Options of other modules that hold a command line.
_COMMAND_OPTIONS: Final = frozenset({"cmd", "job", "argv", "command", "commands", "shell_command"})

#: These run as the person, on the person's machine, as soon as the task is templated.
_RUNS_LOCALLY: Final = re.compile(
    r"\b(?:lookup|query|q)\s*\(\s*['\"](?:ansible\.builtin\.)?(?:pipe|lines)['\"][^)]{0,80}"
)
#: Options that hold text which ends up in a file.
WRITTEN_OPTIONS: Final = ("line", "content", "block", "replace", "value", "regexp")


@dataclass(frozen=True, slots=True)
class Call:
    """What a task runs."""

    #: Without collection: `copy`.
    module: str
    options: Mapping[str, Node] = field(default_factory=dict)
    #: Command lines it would run, whitespace folded.
    commands: tuple[str, ...] = ()
    environment: Mapping[str, Node] = field(default_factory=dict)
    #: Lookups that run a program on the controller, wherever in the task: `lookup('pipe', …)`, `with_lines`.
    local_programs: tuple[str, ...] = ()

    def text(self, *names: str) -> str:
        """The option's text as written, "" where it is not given or no scalar."""
        for name in names:
            node = self.options.get(name)
            if isinstance(node, ScalarNode):
                return str(node.value)
        return ""

    def texts(self, *names: str) -> tuple[str, ...]:
        """The option's text, or the texts of its list."""
        found: list[str] = []
        for name in names:
            node = self.options.get(name)
            items = node.value if isinstance(node, SequenceNode) else [node]
            for item in items:
                if isinstance(item, ScalarNode):
                    found.append(str(item.value))
        return tuple(found)

    def is_true(self, *names: str) -> bool:
        """Whether one of the options is given and true."""
        return any(_truth(self.options.get(name)) is True for name in names)

    def is_false(self, *names: str) -> bool:
        """Whether one of the options is given and false."""
        return any(_truth(self.options.get(name)) is False for name in names)


def command_found(call: Call, pattern: re.Pattern[str], what: str) -> str:
    """`what`, with the command line of the call in which `pattern` is found; "" where it is in none."""
    found = next((found for text in call.commands if (found := pattern.search(text))), None)
    return f"{what}: `{found[0][:80].strip()}`." if found else ""


def text_found(call: Call, pattern: re.Pattern[str], what: str) -> str:
    """Like `command_found`, also for text that the call writes into a file."""
    found = next(
        (found for text in call.texts(*WRITTEN_OPTIONS) + call.commands if (found := pattern.search(text))),
        None,
    )
    return f"{what}: `{found[0][:80].strip()}`." if found else ""


def written_calls(text: str, check: Check) -> Sequence[tuple[MappingNode, Call | None]]:
    """The tasks that the file holds once `text` is put in, each with what it runs."""
    return once(
        check,
        f"calls of {text}",
        lambda: [(task, call_of(task)) for task in written_tasks(text, check.request.scope)[1]],
    )


def call_of(task: MappingNode) -> Call | None:
    """What `task` runs; None where it runs nothing that can be told."""
    call = _plain_call(task)
    return replace(call, local_programs=tuple(_local_programs(task))) if call is not None else None


def _local_programs(node: Node) -> Iterator[str]:
    waiting = [node]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue  # an alias of what holds it
        seen.add(id(one))
        if isinstance(one, ScalarNode):
            if (found := _RUNS_LOCALLY.search(str(one.value))) is not None:
                yield found[0]
        elif isinstance(one, SequenceNode):
            waiting += one.value
        elif isinstance(one, MappingNode):
            for key, value in one.value:
                if isinstance(key, ScalarNode) and key.value in ("with_pipe", "with_lines"):
                    yield str(key.value)
                waiting.append(value)


def _plain_call(task: MappingNode) -> Call | None:
    given = tuple(entries(task))
    by_name = {entry.name: entry.value for entry in given}
    for entry in given:
        if entry.name in {"action", "local_action"}:
            return _by_action(entry.value, by_name)
    for entry in given:
        if entry.name in keywords.HANDLER or entry.name.startswith("with_"):
            continue
        return _call(entry.name, entry.value, by_name)
    return None


def _call(name: str, value: Node, by_name: Mapping[str, Node]) -> Call:
    short = name.rpartition(".")[2]
    options: dict[str, Node] = {}
    raw = ""
    args = by_name.get("args")
    for source in (args, value):
        if isinstance(source, MappingNode):
            options |= {entry.name: entry.value for entry in entries(source)}
    if isinstance(value, ScalarNode) and isinstance(value.value, str):
        taken = freeform.parse(value.value, command=short in COMMANDS)
        raw = value.value if short in COMMANDS else taken.raw
        for pair in taken.pairs:
            options[pair.name] = ScalarNode(
                "tag:yaml.org,2002:str", pair.value, value.start_mark, value.end_mark
            )
    environment = by_name.get("environment")
    variables = (
        {entry.name: entry.value for entry in entries(environment)}
        if isinstance(environment, MappingNode)
        else {}
    )
    return Call(short, options, tuple(_commands(short, raw, options)), variables)


def _by_action(value: Node, by_name: Mapping[str, Node]) -> Call | None:
    if isinstance(value, MappingNode):
        parts = {entry.name: entry.value for entry in entries(value)}
        module = parts.pop("module", None)
        if not isinstance(module, ScalarNode):
            return None
        call = _call(module.value, value, by_name)
        return Call(call.module, parts, call.commands, call.environment)
    if not isinstance(value, ScalarNode) or not isinstance(value.value, str):
        return None
    name, rest = freeform.split_action(value.value)
    return _call(name, ScalarNode(value.tag, rest, value.start_mark, value.end_mark), by_name)


def _commands(short: str, raw: str, options: Mapping[str, Node]) -> Iterator[str]:
    if raw and short in COMMANDS:
        yield _folded(raw)
    for name, node in options.items():
        if name not in _COMMAND_OPTIONS:
            continue
        if isinstance(node, ScalarNode):
            yield _folded(str(node.value))
        elif isinstance(node, SequenceNode):
            parts = [str(item.value) for item in node.value if isinstance(item, ScalarNode)]
            if name == "argv":
                yield _folded(" ".join(parts))
            else:
                yield from map(_folded, parts)


def _folded(text: str) -> str:
    return " ".join(text.replace("\\\n", " ").split())


def _truth(node: Node | None) -> bool | None:
    if not isinstance(node, ScalarNode):
        return None
    value = value_of(node)
    if isinstance(value, bool):
        return value
    word = str(node.value).strip().lower()
    return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None
