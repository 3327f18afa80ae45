"""How many faults the validator finds: real tasks, one fault planted in each, of many kinds.

    python tests/benchmarks/mutate.py DIRECTORY... [--python PATH] [--per-kind 200] [--seed 7] [--show KIND]

Tasks come from the playbooks and roles below each directory, and only those the validator has nothing
against. A fault counts as found when the task with it draws a complaint (error or warning). Faults are made
from the text's own places, so they look like slips of a person or a model: letters swapped, lines lost or
indented wrongly, values of another kind. Prints found and planted by kind; `--show` prints what was missed.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench_validate import File, files_below, task_texts
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.catalog import Catalog
from chiron.ansible.load import Entry, Loaded, entries, has_jinja, load
from chiron.ansible.project import Project
from chiron.ansible.validate import keywords, validate_tasks
from chiron.ansible.validate.arguments import option_named
from chiron.config import Settings
from chiron.records import Facts, FileKind, Module, Option, Severity


@dataclass(frozen=True, slots=True)
class Specimen:
    """One real task, taken apart."""

    text: str
    loaded: Loaded
    given: tuple[Entry, ...]
    module: Module
    call: Entry
    catalog: Catalog
    facts: Facts | None
    rng: random.Random

    @property
    def options(self) -> list[tuple[Entry, Option]]:
        """Options given in a mapping, with their documentation."""
        if not isinstance(self.call.value, MappingNode):
            return []
        pairs = ((entry, option_named(entry.name, self.module.options)) for entry in entries(self.call.value))
        return [(entry, option) for entry, option in pairs if option is not None and not entry.merged]

    def replaced(self, node: Node, text: str) -> str:
        return self.text[: node.start_mark.index] + text + self.text[node.end_mark.index :]

    def value_replaced(self, entry: Entry, text: str) -> str | None:
        """The text with a one-line value replaced."""
        node = entry.value
        if not isinstance(node, ScalarNode) or node.start_mark.line != node.end_mark.line:
            return None
        return None if node.style in ("|", ">") else self.replaced(node, text)

    def without(self, entry: Entry) -> str:
        """The text without a key and its value."""
        lines = self.text.splitlines(keepends=True)
        end = entry.value.end_mark
        last = end.line if end.column and isinstance(entry.value, ScalarNode) else end.line - 1
        last = max(last, entry.key.start_mark.line)
        return "".join(lines[: entry.key.start_mark.line] + lines[last + 1 :])

    def with_line(self, line: str) -> str:
        """The text with a further keyword."""
        column = self.given[-1].key.start_mark.column
        return self.text.rstrip("\n") + "\n" + " " * column + line + "\n"

    def keyword(self, name: str) -> Entry | None:
        return next((entry for entry in self.given if entry.name == name), None)


Mutation = Callable[[Specimen], str | None]


def slip(word: str, rng: random.Random) -> str:
    """`word` with one slip of the pen."""
    at = rng.randrange(len(word) - 1) if len(word) > 1 else 0
    kind = rng.randrange(3)
    if kind == 0 and word[at : at + 1] != word[at + 1 : at + 2]:
        return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :] if kind == 1 and len(word) > 3 else word[:at] + word[at] + word[at:]


def misspelt_module(one: Specimen) -> str | None:
    head, dot, last = one.call.name.rpartition(".")
    word = head + dot + slip(last, one.rng)
    return None if one.catalog.resolve(word) else one.replaced(one.call.key, word)


def module_of_another_collection(one: Specimen) -> str | None:
    return one.replaced(one.call.key, f"ansible.builtin.{one.call.name.rpartition('.')[2]}_nope")


def misspelt_option(one: Specimen) -> str | None:
    pairs = one.options
    if not pairs or not one.module.checkable:
        return None
    entry, _ = one.rng.choice(pairs)
    word = slip(entry.name, one.rng)
    return None if option_named(word, one.module.options) else one.replaced(entry.key, word)


def invented_option(one: Specimen) -> str | None:
    if not one.options or not one.module.checkable:
        return None
    entry, _ = one.options[0]
    margin = " " * entry.key.start_mark.column
    at = entry.key.start_mark.index
    return one.text[:at] + f"ensure: present\n{margin}" + one.text[at:]


def misspelt_suboption(one: Specimen) -> str | None:
    for entry, option in one.options:
        items = entry.value.value if isinstance(entry.value, SequenceNode) else [entry.value]
        for item in items:
            if option.suboptions and isinstance(item, MappingNode):
                for inner in entries(item):
                    word = slip(inner.name, one.rng)
                    if not option_named(word, option.suboptions):
                        return one.replaced(inner.key, word)
    return None


def misspelt_pair(one: Specimen) -> str | None:
    node = one.call.value
    if not isinstance(node, ScalarNode) or "=" not in node.value or one.module.free_form:
        return None
    if not one.module.checkable:
        return None
    at = one.text.find("=", node.start_mark.index)
    return one.text[:at] + "x" + one.text[at:]


def misspelt_keyword(one: Specimen) -> str | None:
    known = [e for e in one.given if e.name in keywords.TASK and e.name != "name" and len(e.name) > 2]
    if not known:
        return None
    entry = one.rng.choice(known)
    word = slip(entry.name, one.rng)
    taken = word in keywords.HANDLER or one.catalog.resolve(word)
    return None if taken else one.replaced(entry.key, word)


def invented_keyword(one: Specimen) -> str | None:
    return one.with_line("on_failure: ignore")


def wrong_choice(one: Specimen) -> str | None:
    for entry, option in one.options:
        if option.choices and option.type == "str":
            return one.value_replaced(entry, "nonsense")
    return None


def no_boolean(one: Specimen) -> str | None:
    for entry, option in one.options:
        if option.type == "bool":
            return one.value_replaced(entry, "maybe")
    return None


def no_integer(one: Specimen) -> str | None:
    for entry, option in one.options:
        if option.type == "int":
            return one.value_replaced(entry, "many")
    return None


def mapping_for_list(one: Specimen) -> str | None:
    for entry, option in one.options:
        if option.type == "list":
            return one.value_replaced(entry, "{a: 1}")
    return None


def list_for_mapping(one: Specimen) -> str | None:
    for entry, option in one.options:
        if option.type == "dict" and isinstance(entry.value, MappingNode) and entry.value.flow_style:
            return one.replaced(entry.value, "[a, b]")
    return None


def list_for_path(one: Specimen) -> str | None:
    for entry, option in one.options:
        if option.type == "path":
            return one.value_replaced(entry, "[/a, /b]")
    return None


def required_left_out(one: Specimen) -> str | None:
    pairs = one.options
    for entry, option in pairs:
        if option.required and option.default is None and len(pairs) > 1:
            return one.without(entry)
    return None


def both_exclusive(one: Specimen) -> str | None:
    given = {option.name: entry for entry, option in one.options}
    for group in one.module.constraints.mutually_exclusive:
        here = [name for name in group if name in given]
        away = [name for name in group if name not in given and name in one.module.options]
        if here and away and "omit" not in str(given[here[0]].value.value):
            kind = one.module.options[away[0]].type
            value = {"bool": "true", "int": "1", "dict": "{}", "list": "[]"}.get(kind, "x")
            entry = given[here[0]]
            at = entry.key.start_mark.index
            margin = " " * entry.key.start_mark.column
            return one.text[:at] + f"{away[0]}: {value}\n{margin}" + one.text[at:]
    return None


def condition_unmet(one: Specimen) -> str | None:
    given = {option.name: entry for entry, option in one.options}
    for name, value, needed, any_of in one.module.constraints.required_if:
        entry = given.get(name)
        if entry is None or str(getattr(entry.value, "value", "")) != str(value) or any_of:
            continue
        there = [other for other in needed if other in given]
        if there and one.module.options[there[0]].default is None:
            return one.without(given[there[0]])
    return None


def second_module(one: Specimen) -> str | None:
    return one.with_line("ansible.builtin.debug: {msg: again}")


def module_lost(one: Specimen) -> str | None:
    return one.without(one.call) if len(one.given) > 1 and one.keyword("name") else None


def option_among_keywords(one: Specimen) -> str | None:
    for entry, _ in one.options:
        taken = entry.name in keywords.HANDLER or one.catalog.resolve(entry.name)
        if isinstance(entry.value, ScalarNode) and not taken and len(one.options) > 1:
            return Specimen.with_line(one, f"{entry.name}: x")
    return None


def keyword_among_options(one: Specimen) -> str | None:
    if not one.options or not one.module.checkable or one.module.fqcn.endswith((".set_fact", ".add_host")):
        return None
    entry, _ = one.options[0]
    at = entry.key.start_mark.index
    margin = " " * entry.key.start_mark.column
    return one.text[:at] + f"register: outcome\n{margin}" + one.text[at:]


def duplicate_key(one: Specimen) -> str | None:
    entry = one.keyword("when") or one.keyword("become") or one.keyword("name")
    return one.with_line(f"{entry.name}: x") if entry is not None else None


def duplicate_option(one: Specimen) -> str | None:
    for entry, _ in one.options:
        at = entry.key.start_mark.index
        margin = " " * entry.key.start_mark.column
        return one.text[:at] + f"{entry.name}: x\n{margin}" + one.text[at:]
    return None


def bare_jinja(one: Specimen) -> str | None:
    for entry, _ in one.options:
        node = entry.value
        if isinstance(node, ScalarNode) and node.value.startswith("{{") and node.style in ("'", '"'):
            return one.value_replaced(entry, node.value)
    return None


def tab_indented(one: Specimen) -> str | None:
    if not one.options:
        return None
    start = one.options[0][0].key.start_mark
    return one.text[: start.index - start.column] + "\t" + one.text[start.index :]


def quote_left_open(one: Specimen) -> str | None:
    for entry in (*[pair[0] for pair in one.options], *one.given):
        node = entry.value
        if isinstance(node, ScalarNode) and node.style in ("'", '"') and '"' not in node.value[1:-1]:
            return one.text[: node.end_mark.index - 1] + one.text[node.end_mark.index :]
    return None


def colon_lost(one: Specimen) -> str | None:
    end = one.call.key.end_mark.index
    return one.text[:end] + one.text[end + 1 :] if isinstance(one.call.value, MappingNode) else None


def indentation_lost(one: Specimen) -> str | None:
    """An option moved one column to the left of its siblings."""
    if len(one.options) < 2 or getattr(one.call.value, "flow_style", True):
        return None
    start = one.options[-1][0].key.start_mark
    return one.text[: start.index - 1] + one.text[start.index :]


def two_loops(one: Specimen) -> str | None:
    loops = [e for e in one.given if e.name == "loop" or e.name.startswith("with_")]
    if len(loops) != 1:
        return None
    return one.with_line("with_items: [1]" if loops[0].name != "with_items" else "loop: [1]")


def unknown_lookup(one: Specimen) -> str | None:
    loops = [e for e in one.given if e.name.startswith("with_")]
    return one.replaced(loops[0].key, "with_every") if loops else None


def loop_over_word(one: Specimen) -> str | None:
    entry = one.keyword("loop")
    return one.value_replaced(entry, "packages") if entry is not None else None


def bad_register(one: Specimen) -> str | None:
    entry = one.keyword("register")
    return one.value_replaced(entry, "the-result") if entry is not None else None


def bad_become(one: Specimen) -> str | None:
    entry = one.keyword("become")
    return one.value_replaced(entry, "root") if entry is not None else None


def bad_retries(one: Specimen) -> str | None:
    entry = one.keyword("retries") or one.keyword("delay") or one.keyword("async")
    return one.value_replaced(entry, "a few") if entry is not None else None


def condition_mapping(one: Specimen) -> str | None:
    entry = one.keyword("when")
    return one.value_replaced(entry, "{a: b}") if entry is not None else None


def removed_module(one: Specimen) -> str | None:
    return one.replaced(one.call.key, "include")


def unknown_handler(one: Specimen) -> str | None:
    entry = one.keyword("notify")
    if entry is None or one.facts is None or not one.facts.complete:
        return None
    return one.value_replaced(entry, "Restart what is not there")


def unknown_template(one: Specimen) -> str | None:
    if one.facts is None or not one.facts.complete or one.module.fqcn != "ansible.builtin.template":
        return None
    for entry, option in one.options:
        if option.name == "src" and not has_jinja(str(entry.value.value)):
            return one.value_replaced(entry, "not_there.conf.j2")
    return None


def listens_in_task(one: Specimen) -> str | None:
    return one.with_line("listen: something")


MUTATIONS: dict[str, Mutation] = {
    function.__name__: function
    for function in (
        misspelt_module, module_of_another_collection, misspelt_option, invented_option, misspelt_suboption,
        misspelt_pair, misspelt_keyword, invented_keyword, wrong_choice, no_boolean, no_integer,
        mapping_for_list, list_for_mapping, list_for_path, required_left_out, both_exclusive, condition_unmet,
        second_module, module_lost, option_among_keywords, keyword_among_options, duplicate_key,
        duplicate_option, bare_jinja, tab_indented, quote_left_open, colon_lost, indentation_lost, two_loops,
        unknown_lookup, loop_over_word, bad_register, bad_become, bad_retries, condition_mapping,
        removed_module, unknown_handler, unknown_template, listens_in_task,
    )
}  # fmt: skip


def specimens(
    files: list[File], catalogs: dict[Path, Catalog], projects: dict[Path, Project], rng: random.Random
) -> Iterator[Specimen]:
    """Tasks without complaints, in a random order."""
    places = [(file, line, text) for file in files for line, text in task_texts(file)]
    rng.shuffle(places)
    for file, line, text in places:
        if file.kind is FileKind.HANDLERS:
            continue
        catalog = catalogs[file.root]
        facts = projects[file.root].facts(str(file.path), file.text, line)
        if complaints(text, catalog, facts):
            continue
        loaded = load(text)
        if not isinstance(loaded.root, SequenceNode) or not isinstance(loaded.root.value[0], MappingNode):
            continue
        given = tuple(entries(loaded.root.value[0]))
        for entry in given:
            module = catalog.module(entry.name) if entry.name not in keywords.HANDLER else None
            if module is not None and module.checkable:
                yield Specimen(text, loaded, given, module, entry, catalog, facts, rng)
                break


def complaints(text: str, catalog: Catalog, facts: Facts | None) -> bool:
    """Whether the validator has anything against `text`."""
    problems = validate_tasks(text, catalog, facts=facts)
    return any(problem.severity is not Severity.INFO for problem in problems)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directories", nargs="+", type=Path)
    parser.add_argument("--python", type=Path)
    parser.add_argument("--per-kind", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", action="append", default=[])
    arguments = parser.parse_args()
    settings = Settings(python=arguments.python)
    catalogs = {root: Catalog.open(settings, root) for root in arguments.directories}
    projects = {root: Project(root, catalog) for root, catalog in catalogs.items()}
    for project in projects.values():
        project.refresh()
    planted: defaultdict[str, int] = defaultdict(int)
    found: defaultdict[str, int] = defaultdict(int)
    files = list(files_below(arguments.directories))
    for one in specimens(files, catalogs, projects, random.Random(arguments.seed)):
        for kind, mutation in MUTATIONS.items():
            if planted[kind] >= arguments.per_kind:
                continue
            text = mutation(one)
            if text is None or text == one.text:
                continue
            planted[kind] += 1
            if complaints(text, one.catalog, one.facts):
                found[kind] += 1
            elif kind in arguments.show or "all" in arguments.show:
                print(f"--- {kind}\n{text}")
    for kind in MUTATIONS:
        share = f"{100 * found[kind] / planted[kind]:6.1f}%" if planted[kind] else "      -"
        print(f"{share} {found[kind]:5d} of {planted[kind]:5d}  {kind.replace('_', ' ')}")
    n_found, n_planted = sum(found.values()), sum(planted.values())
    print(
        f"{100 * n_found / max(1, n_planted):6.2f}% {n_found} of {n_planted} faults of {len(planted)} kinds"
    )
    by_kind = [found[kind] / planted[kind] for kind in planted if planted[kind]]
    print(f"{100 * sum(by_kind) / max(1, len(by_kind)):6.2f}% as the mean over kinds")


if __name__ == "__main__":
    main()
