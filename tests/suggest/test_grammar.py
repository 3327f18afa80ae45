"""Grammars built from the documentation, and the requests that carry them."""

from __future__ import annotations

from dataclasses import replace

from chiron.records import Expects, FileKind, Module, Option, Position, Range, Scope, ScopeKind
from chiron.suggest.model.grammar import further_options_grammar, likely_options, task_grammar, words_grammar

AT = Range(Position(0, 0), Position(0, 0))
BODY = Scope(ScopeKind.TASK_BODY, Expects.TASK, FileKind.TASKS, AT, "\n", 2, 0, "- name: x", "")
OPTIONS = Scope(ScopeKind.MODULE_OPTIONS, Expects.OPTIONS, FileKind.TASKS, AT, "", 4, 0, "", "")
WIDGET = Module(
    "acme.shop.widget",
    "acme.shop",
    "1.0.0",
    "",
    options={
        "colour": Option("colour", choices=("red", "blue"), aliases=("color",)),
        "name": Option("name", required=True),
        "parts": Option("parts", type="list"),
        "polished": Option("polished", type="bool"),
        "frame": Option("frame", type="dict"),
        "weight": Option("weight", type="int"),
    },
    examples="- acme.shop.widget:\n    name: x\n    polished: true\n    color: red\n    frame: {}\n",
)
ODDS = Module("acme.shop.odds", "acme.shop", "1.0.0", "", free_form=True)


def rule(grammar: str | None) -> str:
    assert grammar is not None
    return grammar.split("\n", 1)[0]


def test_required_options_come_first_then_those_seen_in_examples() -> None:
    assert likely_options(WIDGET) == ["name", "colour", "polished", "frame"]


def test_options_used_in_this_workspace_count_as_likely() -> None:
    assert "weight" in likely_options(WIDGET, frozenset({"weight"}))


def test_every_option_is_likely_where_nothing_tells() -> None:
    plain = Module("a.b.c", "a.b", "1", "", options={"one": Option("one"), "two": Option("two")})
    assert likely_options(plain) == ["one", "two"]


def test_a_required_option_must_be_written_and_others_may() -> None:
    root = rule(task_grammar([("acme.shop.widget", WIDGET)], BODY))
    assert '"\\n    " "name:" value ("\\n    " "colour:"' in root
    assert root.count('"name:"') == 1


def test_choices_are_all_that_may_be_written() -> None:
    assert '" " ("blue" | "red")' in rule(task_grammar([("acme.shop.widget", WIDGET)], BODY))


def test_a_nested_mapping_is_left_to_the_person() -> None:
    assert "frame" not in rule(task_grammar([("acme.shop.widget", WIDGET)], BODY))


def test_a_free_form_module_takes_a_line() -> None:
    assert '"acme.shop.odds:" " " command' in rule(task_grammar([("acme.shop.odds", ODDS)], BODY))


def test_no_modules_no_grammar() -> None:
    assert task_grammar([], BODY) is None
    assert words_grammar([]) is None


def test_options_already_there_are_not_offered_under_any_name() -> None:
    scope = replace(OPTIONS, present=("name", "color", "polished"))
    assert further_options_grammar(WIDGET, scope) is None


def test_quotes_in_choices_stay_inside_the_grammar() -> None:
    odd = Module("a.b.c", "a.b", "1", "", options={"x": Option("x", choices=('say "hi"', "back\\slash"))})
    assert '"say \\"hi\\""' in rule(task_grammar([("a.b.c", odd)], BODY))
