"""How good an answer is. Each scorer is a plain function of two tasks; each says where it comes from.

All of them give a figure from 0 to 1, and 0 for an answer that is no task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rapidfuzz.distance import Levenshtein

from chiron.evals.reading import RAW, Reading

#: Modules that do each other's work; naming one for the other earns half a key, as in arXiv 2305.02783.
_ALIKE = (
    frozenset({"ansible.builtin.command", "ansible.builtin.shell"}),
    frozenset({"ansible.builtin.copy", "ansible.builtin.template"}),
    frozenset(
        {"ansible.builtin.package", "ansible.builtin.apt", "ansible.builtin.dnf", "ansible.builtin.yum"}
    ),
    frozenset({"ansible.builtin.service", "ansible.builtin.systemd", "ansible.builtin.systemd_service"}),
)


def module_match(expected: Reading, given: Reading | None) -> float:
    """Whether the module is the same one, redirects resolved."""
    return float(given is not None and _same_module(expected.module, given.module))


def exact_arguments(expected: Reading, given: Reading | None) -> float:
    """Whether module and arguments are the same as loaded YAML; keywords do not count."""
    if given is None or not _same_module(expected.module, given.module):
        return 0.0
    return float(_folded(expected.arguments) == _folded(given.arguments))


def exact_task(expected: Reading, given: Reading | None) -> float:
    """Whether everything is the same as loaded YAML: arXiv 2305.02783's exact match, blind to layout."""
    if given is None or not exact_arguments(expected, given):
        return 0.0
    return float(_folded(expected.keywords) == _folded(given.keywords))


def ansible_aware(expected: Reading, given: Reading | None) -> float:
    """Ansible Aware as in arXiv 2305.02783, in our reading of it.

    The mean over the expected task's keys (its module, its keywords; the name does not count) of the mean of
    key and value. A key that is missing earns 0; one that was inserted costs nothing, since a person removes
    it at a glance. Values are compared in depth: a mapping key by key, a list item by item.
    """
    if given is None:
        return 0.0
    same = _same_module(expected.module, given.module)
    alike = same or any({expected.module, given.module} <= group for group in _ALIKE)
    module = 0.0
    if alike:
        arguments = _value(expected.arguments, given.arguments)
        module = ((1.0 if same else 0.5) + arguments) / 2
    scores = [module]
    for key, value in expected.keywords.items():
        scores.append((1 + _value(value, given.keywords[key])) / 2 if key in given.keywords else 0.0)
    return sum(scores) / len(scores)


def strong_proxy(expected: Reading, given: Reading | None, expected_text: str, given_text: str) -> float:
    """What strong acceptance would be if the person then wrote what was expected: the module stays and under
    half of the text is edited (arXiv 2402.17442 counts such an acceptance as strong)."""
    if not module_match(expected, given):
        return 0.0
    return float(edited_share(expected_text, given_text) < 0.5)


def edited_share(expected_text: str, given_text: str) -> float:
    """Levenshtein distance by characters over the longer text's length; indentation does not count."""
    return float(Levenshtein.normalized_distance(_unindented(given_text), _unindented(expected_text)))


def characters_saved(expected_text: str, given_text: str) -> int:
    """Characters the person need not type: the expected text's, less those to be edited; never below 0."""
    expected, given = _unindented(expected_text), _unindented(given_text)
    return max(0, len(expected) - int(Levenshtein.distance(given, expected)))


def bleu(expected_text: str, given_text: str) -> float:
    """Sentence BLEU with sacrebleu's own tokenizer and exponential smoothing (Post 2018)."""
    # Imported here: it brings numpy, and only reports need it.
    from sacrebleu.metrics.bleu import BLEU

    return float(BLEU(effective_order=True).sentence_score(given_text, [expected_text]).score) / 100


def _value(expected: Any, given: Any) -> float:
    if isinstance(expected, Mapping):
        if not expected:
            return 1.0
        given = given if isinstance(given, Mapping) else {}
        pairs = [(1 + _value(v, given[k])) / 2 if k in given else 0.0 for k, v in expected.items()]
        return sum(pairs) / len(pairs)
    if isinstance(expected, list):
        if not expected:
            return float(expected == given)
        others = given if isinstance(given, list) else [given]
        paired = [_value(one, others[at]) if at < len(others) else 0.0 for at, one in enumerate(expected)]
        return sum(paired) / len(paired)
    return float(_folded(expected) == _folded(given))


def _folded(value: Any) -> Any:
    """A value in one spelling: `yes` as true, 0644 and "0644" alike, as modules take them."""
    if isinstance(value, Mapping):
        return {str(key): _folded(inner) for key, inner in value.items() if inner is not None or key == RAW}
    if isinstance(value, list):
        return [_folded(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    text = " ".join(str(value).split())
    return text.lower() if text.lower() in ("yes", "no", "true", "false") else text


def _same_module(one: str, other: str) -> bool:
    return one == other or one.removeprefix("ansible.builtin.") == other.removeprefix("ansible.builtin.")


def _unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().split("\n"))
