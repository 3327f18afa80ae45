"""Whether a value fits an option's type and choices, as `AnsibleModule` would coerce it.

Sources: `ansible.module_utils.common.validation` and `.parameters` of ansible-core 2.19. What only the run
will tell (Jinja, vaulted text) fits everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any, Final

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.catalog.literals import literal
from chiron.ansible.load import DYNAMIC, is_null, scalar, value_of
from chiron.ansible.spelling import nearest
from chiron.records import Option

TRUE_WORDS: Final = frozenset({"y", "yes", "on", "1", "true", "t"})
FALSE_WORDS: Final = frozenset({"n", "no", "off", "0", "false", "f"})

_SIZE = re.compile(r"^\s*(\d*\.?\d*)\s*([A-Za-z]+)?\s*$")
_SIZE_UNITS: Final = frozenset("BKMGTPEZY")
#: Words a person reads in a message for what stands there.
_ARTICLE: Final = {
    "bool": "a boolean",
    "int": "an integer",
    "float": "a number",
    "list": "a list",
    "dict": "a mapping",
    "path": "a path",
    "str": "a string",
    "bytes": "a size such as 10M",
    "bits": "a size such as 10Mb",
    "json": "JSON",
    "jsonarg": "JSON",
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that does not fit. `code` is `wrong-type` or `wrong-choice`; `instead` an exact replacement."""

    code: str
    message: str
    node: Node
    instead: str | None = None
    #: A choice in other letters, as modules for Windows take it.
    only_case: bool = False


def is_boolean(value: object) -> bool:
    """Whether Ansible reads `value` as true or false."""
    if isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        return value in {0, 1}
    return isinstance(value, str) and value.strip().lower() in TRUE_WORDS | FALSE_WORDS


def is_integer(value: object) -> bool:
    """Whether Ansible reads `value` as a whole number."""
    if isinstance(value, int):
        return True
    if not isinstance(value, str | float):
        return False
    try:
        number = Decimal(value)
        return number == int(number)
    except (DecimalException, ValueError, OverflowError):
        return False


def is_number(value: object) -> bool:
    """Whether Ansible reads `value` as a number."""
    if isinstance(value, int | float):
        return True
    try:
        float(value)  # type: ignore[arg-type]  # what is no number is what this asks
    except (TypeError, ValueError):
        return False
    return True


def misfits(node: Node, option: Option) -> Iterator[Misfit]:
    """Everything about `node` that keeps it from being a value of `option`. Sub-options are not looked at."""
    value = value_of(node)
    if value is DYNAMIC or (value is None and not option.choices):
        return
    if value is None:
        # An empty value counts as not given, unless the option has a default for it to displace.
        return
    kind = option.type
    if kind == "list":
        yield from _list_misfits(node, value, option)
        return
    check = _CHECKS.get(kind)
    if check is not None and not check(value):
        yield _wrong_type(node, option.name, kind)
        return
    if option.choices and kind != "dict":
        parts = node.value.split(",") if isinstance(node, ScalarNode) and _takes_several(option) else ()
        for part in parts if len(parts) > 1 else ():
            yield from _choice(scalar(part.strip(), node), option, kind)
        if len(parts) < 2:
            yield from _choice(node, option, kind)


def fits(node: Node, option: Option) -> bool:
    """Whether `node` is a value of `option`."""
    return next(misfits(node, option), None) is None


def dict_in_string(text: str) -> list[str] | None:
    """The keys of a mapping written in a string (`{"a": 1}` or `a=1 b=2`); None where it is none."""
    if text.startswith("{"):
        parsed: object
        try:
            parsed = json.loads(text)
        except ValueError:
            try:
                parsed = literal(text)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                return None
        return [str(key) for key in parsed] if isinstance(parsed, dict) else None
    if "=" in text:
        fields = [field for field in re.split(r"[,\s]+", text.strip()) if field]
        return [field.partition("=")[0] for field in fields]
    return None


def elements_of(node: Node) -> Iterator[Node]:
    """The elements of a list, wherever it is one: a sequence, or a string with commas."""
    if isinstance(node, SequenceNode):
        yield from node.value
        return
    value = value_of(node)
    if isinstance(value, str) and isinstance(node, ScalarNode):
        for part in value.split(","):
            yield scalar(part.strip(), node)
    elif value is not DYNAMIC:
        yield node


def _list_misfits(node: Node, value: object, option: Option) -> Iterator[Misfit]:
    if isinstance(value, MappingNode):
        yield _wrong_type(node, option.name, "list")
        return
    kind = option.elements or ("str" if option.choices else "raw")
    check = _CHECKS.get(kind)
    for element in elements_of(node):
        item = value_of(element)
        if item is DYNAMIC:
            continue
        if is_null(element):
            # Ansible hands an empty element on as "" or refuses it, by type; nobody means to write one.
            if check is not None and kind not in {"str", "raw"}:
                yield _wrong_type(element, option.name, kind, element=True)
        elif check is not None and not check(item):
            yield _wrong_type(element, option.name, kind, element=True)
        elif option.choices:
            yield from _choice(element, option, kind)


def _takes_several(option: Option) -> bool:
    # Modules for Windows document flags so: a string of choices, "a comma separated list".
    return option.type == "str" and re.search(r"comma[- ]separated", option.description, re.I) is not None


def _choice(node: Node, option: Option, kind: str) -> Iterator[Misfit]:
    value = value_of(node)
    if isinstance(value, Node) or _is_choice(value, option.choices, kind):
        return
    shown = ", ".join(_word(choice) for choice in option.choices[:12])
    more = "" if len(option.choices) <= 12 else f" and {len(option.choices) - 12} more"
    written = node.value if isinstance(node, ScalarNode) else "this"
    instead = _nearest(str(written), option.choices)
    yield Misfit(
        "wrong-choice",
        f"`{written}` is no value of `{option.name}`; it takes {shown}{more}.",
        node,
        instead,
        only_case=instead is not None and instead.lower() == str(written).lower(),
    )


def _is_choice(value: object, choices: tuple[Any, ...], kind: str) -> bool:
    if kind == "bool" or _word(value) in {_word(choice) for choice in choices}:
        return True
    if kind == "int" and isinstance(value, str):
        return value.strip() in {str(choice) for choice in choices}
    # Documentation is YAML too: choices written `yes` and `no` come out as booleans there, and a value
    # written `yes` comes out as one here. Ansible itself maps a boolean back where only one word fits, even
    # if it is text by then: "True".
    words = {str(choice).lower() for choice in choices}
    if isinstance(value, bool) or value in ("True", "False"):
        return bool(words & (TRUE_WORDS if value in (True, "True") else FALSE_WORDS))
    if any(isinstance(choice, bool) for choice in choices) and isinstance(value, str):
        truth = value.lower() in TRUE_WORDS
        return (truth or value.lower() in FALSE_WORDS) and truth in choices
    return False


def _nearest(written: str, choices: tuple[Any, ...]) -> str | None:
    same = [_word(choice) for choice in choices if _word(choice).lower() == written.lower()]
    if len(same) == 1:
        return same[0]
    return nearest(written, [_word(choice) for choice in choices])


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _wrong_type(node: Node, name: str, kind: str, *, element: bool = False) -> Misfit:
    wanted = _ARTICLE.get(kind, kind)
    whose = f"an element of `{name}`" if element else f"`{name}`"
    return Misfit("wrong-type", f"{_what(node)} where {whose} takes {wanted}.", node)


def _what(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "A mapping"
    if isinstance(node, SequenceNode):
        return "A list"
    text = str(node.value)
    return f"`{text if len(text) < 40 else text[:37] + '...'}`"


def _is_text(value: object) -> bool:
    return not isinstance(value, Node)


def _is_dict(value: object) -> bool:
    if isinstance(value, MappingNode):
        return True
    return isinstance(value, str) and dict_in_string(value.strip()) is not None


def _is_size(value: object) -> bool:
    if isinstance(value, bool | Node):
        return False
    found = _SIZE.match(str(value))
    if found is None or not found.group(1):
        return False
    unit = found.group(2)
    return unit is None or unit[0].upper() in _SIZE_UNITS or unit.lower().startswith(("byte", "bit"))


def _is_json(value: object) -> bool:
    return isinstance(value, str | MappingNode | SequenceNode)


def _is_string(value: object) -> bool:
    # Ansible turns a list or mapping into text such as "['a']". Modules that mean it take `raw`, but many
    # documented `str` are read by actions that take anything; so this is no misfit, except among choices.
    return True


#: What each documented type takes. Types not named here (`raw`, `any`, a collection's own) take anything.
_CHECKS: Final[dict[str, Callable[[object], bool]]] = {
    "bool": is_boolean,
    "int": is_integer,
    "float": is_number,
    "path": _is_text,
    "dict": _is_dict,
    "bytes": _is_size,
    "bits": _is_size,
    "json": _is_json,
    "jsonarg": _is_json,
    "str": _is_string,
}
