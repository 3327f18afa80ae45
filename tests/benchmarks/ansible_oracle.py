"""What Ansible itself says of tasks: whether its own parser, plugin loader and argument checks refuse them.

    PYTHON tests/benchmarks/ansible_oracle.py < questions.jsonl > answers.jsonl

For `explain_examples.py`, which runs it with an interpreter that has the `ansible` package. A question is
`{"module", "collection", "examples", "complaints": [{"line", "code", "message"}]}`, lines from 0; the answer
is `{"module", "verdicts": [VERDICT, ...]}`, a verdict a complaint:

- `refused`: Ansible refuses the task, by its parser or by the argument spec that the module's code hands it;
- `undocumented`: Ansible's checks refuse it by the module's documented options; the code lets it pass, or
  its argument spec could not be had;
- `announced`: the module is deprecated or was removed, as its routing or documentation says;
- `accepted`: nothing of Ansible's objects;
- `unsettled`: no task stands there, or what Ansible says could not be found out.

Asked `{"module", "path"}` alone, the answer is `{"module", "constraints"}`: what the code hands over beside
single options, as lists, or null where that could not be had. For `compare_constraints.py`.

Modules are imported and begun, up to where they hand over their argument spec, each in a process of its own.
Never done by Chiron itself.
"""

from __future__ import annotations

import copy
import importlib
import json
import os
import re
import signal
import sys
from functools import cache
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.module_utils import basic
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.mod_args import ModuleArgsParser
from ansible.parsing.plugin_docs import read_docstring
from ansible.playbook.block import Block
from ansible.playbook.task import Task
from ansible.plugins.loader import fragment_loader, init_plugin_loader, module_loader
from ansible.utils.plugin_docs import add_fragments

LISTS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
ABOUT_MODULES = ("unknown-module", "module-deprecated", "module-removed")
ABOUT_KEYS = ("several-modules", "missing-module", "free-form", "not-a-mapping", "unknown-keyword")
BETWEEN_OPTIONS = (
    "mutually-exclusive", "required-together", "required-one-of", "required-if", "required-by",
)  # fmt: skip
CONSTRAINTS = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")


class Captured(BaseException):
    """The argument spec of a module that has just begun. Not an `Exception`, which modules would catch."""


def capture_specs() -> None:
    def begin(self: Any, argument_spec: Any, **given: Any) -> None:
        raise Captured({"argument_spec": argument_spec, **given})

    basic.AnsibleModule.__init__ = begin


@cache
def real_spec(fqcn: str, path: str) -> dict[str, Any] | None:
    """What the module's code hands to Ansible, or None where that cannot be had."""
    try:
        if fqcn.startswith(("ansible.builtin.", "ansible.legacy.")):
            name = "ansible.modules." + fqcn.rpartition(".")[2]
        else:
            dotted = path.partition("ansible_collections/")[2].removesuffix(".py").replace("/", ".")
            name = f"ansible_collections.{dotted}"
        action = name.replace(".plugins.modules.", ".plugins.action.")
        try:
            spec = getattr(importlib.import_module(action), "argument_spec", None)
            if spec:
                return {"argument_spec": spec}
        except ImportError:
            pass
        basic._ANSIBLE_ARGS = b'{"ANSIBLE_MODULE_ARGS": {}}'
        importlib.import_module(name).main()
    except Captured as captured:
        return dict(captured.args[0])
    except BaseException:
        return None
    return None


@cache
def documented_spec(path: str) -> dict[str, Any] | None:
    try:
        documented = read_docstring(path, verbose=False, ignore_errors=True)["doc"]
        if not documented:
            return None
        add_fragments(documented, path, fragment_loader=fragment_loader, is_module=True)
        return {"argument_spec": to_spec(documented.get("options") or {})}
    except Exception:
        return None


def to_spec(options: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    for name, option in options.items():
        spec[name] = {
            "type": option.get("type") or "str",
            "required": option.get("required") in (True, "true", "yes", "True"),
            "aliases": option.get("aliases") or [],
        }
        if option.get("choices"):
            spec[name]["choices"] = list(option["choices"])
        if option.get("elements"):
            spec[name]["elements"] = option["elements"]
        if option.get("suboptions"):
            spec[name]["options"] = to_spec(option["suboptions"])
    return spec


def refusals(spec: dict[str, Any], given: dict[str, Any]) -> list[str]:
    """What Ansible's own checks of arguments say."""
    options = copy.deepcopy(dict(spec["argument_spec"]))
    if spec.get("add_file_common_args"):
        for name, option in basic.FILE_COMMON_ARGUMENTS.items():
            options.setdefault(name, dict(option))
    given = copy.deepcopy(given)
    excuse_templates(options, given)
    rules = {name: spec[name] for name in CONSTRAINTS if spec.get(name)}
    return list(ArgumentSpecValidator(options, **rules).validate(given).error_messages)


def agrees(complaint: str, refused: list[str]) -> bool:
    """Whether what is `refused` is what the complaint is about: they name the same option or value."""
    named = [word.rpartition(":")[0] or word for word in re.findall(r"`([^`]*)`", complaint)]
    return any(
        re.search(rf"(?<!\w){re.escape(word)}(?!\w)", one) for word in named if word for one in refused
    )


def excuse_templates(spec: dict[str, Any], given: Any) -> None:
    """Lets every value pass that is not known before the play runs."""
    if not isinstance(given, dict):
        return
    names = {alias: name for name, one in spec.items() for alias in one.get("aliases") or ()}
    for key, value in given.items():
        name = names.get(key, key)
        if name not in spec:
            continue
        if holds_template(value):
            spec[name] = {"type": "raw", "required": spec[name].get("required", False)}
            spec[name]["aliases"] = [alias for alias, of in names.items() if of == name]
            given[key] = "x"
        elif spec[name].get("options"):
            for inner in value if isinstance(value, list) else [value]:
                excuse_templates(spec[name]["options"], inner)
                break_off_deep_templates(inner)


def break_off_deep_templates(value: Any) -> None:
    if isinstance(value, dict):
        for key in [key for key, inner in value.items() if holds_template(inner)]:
            value[key] = "x"


def holds_template(value: Any) -> bool:
    if isinstance(value, list):
        return any(holds_template(one) for one in value)
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def tasks_in(node: Any) -> list[Any]:
    found: list[Any] = []
    for item in node.value if isinstance(node, yaml.SequenceNode) else []:
        if isinstance(item, yaml.MappingNode):
            found.append(item)
            for key, value in item.value:
                if key.value in LISTS:
                    found += tasks_in(value)
    return found


def parser_refuses(task: Any, collections: list[str]) -> bool:
    """Whether Ansible refuses the task for its keys alone, before any argument is looked at."""
    try:
        if isinstance(task, dict) and any(key in task for key in ("block", "rescue", "always")):
            Block.load(task, loader=DataLoader())
        else:
            Task.load({**task, "collections": collections}, loader=DataLoader())
    except (AnsibleError, TypeError, ValueError, AssertionError):
        return True
    return False


def verdict(question: dict[str, Any], complaint: dict[str, Any], root: Any, loader: Any) -> str:
    line = complaint["line"]
    around = [one for one in tasks_in(root) if one.start_mark.line <= line <= one.end_mark.line]
    if not around:
        return "unsettled"
    node = max(around, key=lambda one: one.start_mark.line)
    task = loader.construct_document(node)
    collections = [question["collection"], "ansible.builtin"]
    if complaint["code"] in ABOUT_KEYS:
        return "refused" if parser_refuses(task, collections) else "accepted"
    try:
        action, arguments, _ = ModuleArgsParser(task, collection_list=collections).parse()
    except AnsibleError as error:
        said = str(error)
        return "refused" if "couldn't resolve" in said or "no module/action" in said else "unsettled"
    found = module_loader.find_plugin_with_context(action, collection_list=collections)
    if not found.resolved:
        return "refused" if found.action_plugin is None else "unsettled"
    if complaint["code"] in ABOUT_MODULES:
        documented = (
            read_docstring(found.plugin_resolved_path, verbose=False, ignore_errors=True)["doc"] or {}
        )
        return "announced" if found.deprecated or documented.get("deprecated") else "accepted"
    return about_arguments(complaint, found, arguments)


def about_arguments(complaint: dict[str, Any], found: Any, arguments: dict[str, Any]) -> str:
    said = complaint["message"]
    real = real_spec(found.resolved_fqcn, found.plugin_resolved_path)
    if real is not None and agrees(said, refusals(real, arguments)):
        return "refused"
    documented = documented_spec(found.plugin_resolved_path)
    if documented is not None and agrees(said, refusals(documented, arguments)):
        return "undocumented"
    cannot_tell = documented is None or (real is None and complaint["code"] in BETWEEN_OPTIONS)
    return "unsettled" if cannot_tell else "accepted"


def answer(question: dict[str, Any]) -> Any:
    if "complaints" not in question:
        spec = real_spec(question["module"], question["path"])
        return None if spec is None else {name: plain(spec.get(name) or []) for name in CONSTRAINTS}
    try:
        loader = yaml.SafeLoader(question["examples"])
        root = loader.get_single_node()
    except yaml.YAMLError:
        return ["refused" for _ in question["complaints"]]
    verdicts = []
    for complaint in question["complaints"]:
        try:
            verdicts.append(verdict(question, complaint, root, loader))
        except Exception:
            verdicts.append("unsettled")
    return verdicts


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple | set) else value


def in_a_process_of_its_own(question: dict[str, Any]) -> Any:
    """`answer`, in a child that is ended after a minute: modules may do anything when they begin."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        signal.alarm(60)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        told = os.fdopen(writing, "wb")
        told.write(json.dumps(answer(question), default=str).encode())
        told.close()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as heard:
        raw = heard.read()
    os.waitpid(child, 0)
    return json.loads(raw) if raw else ["unsettled" for _ in question.get("complaints", ())] or None


def main() -> None:
    init_plugin_loader()
    capture_specs()
    for line in sys.stdin:
        question = json.loads(line)
        what = "verdicts" if "complaints" in question else "constraints"
        print(json.dumps({"module": question["module"], what: in_a_process_of_its_own(question)}), flush=True)


if __name__ == "__main__":
    main()
