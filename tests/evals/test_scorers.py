"""Scores of one task against another, by hand where the definition allows."""

from __future__ import annotations

import pytest

from chiron.evals import scorers
from chiron.evals.reading import Reading, read_body

SHORT = {name: f"ansible.builtin.{name}" for name in ("copy", "command", "shell")}


def resolve(name: str) -> str | None:
    return SHORT.get(name) or (name if name in SHORT.values() else None)


def read(body: str) -> Reading:
    reading = read_body(body, resolve)
    assert reading is not None
    return reading


COPY = "  copy:\n    src: a\n    dest: /b\n    mode: '0644'\n  become: true\n"


@pytest.mark.parametrize(
    "other",
    [
        '  ansible.builtin.copy:\n    dest: /b\n    src: a\n    mode: "0644"\n  become: yes\n',
        "  copy: src=a dest=/b mode=0644\n  become: true\n",
        "  action: copy src=a dest=/b mode=0644\n  become: True\n",
        "      copy:\n          src: a\n          dest: /b\n          mode: '0644'\n      become: true\n",
    ],
)
def test_a_task_is_the_same_however_it_is_written(other: str) -> None:
    assert scorers.exact_task(read(COPY), read(other)) == 1.0
    assert scorers.ansible_aware(read(COPY), read(other)) == 1.0


@pytest.mark.parametrize(
    ("given", "aware"),
    [
        # module right (1) and two of three arguments, 2/3 each whole: ((1 + 2/3) / 2 + 1) / 2
        ("  copy:\n    src: a\n    dest: /b\n  become: true\n", ((1 + 2 / 3) / 2 + 1) / 2),
        # a wrong value still earns half of its key: ((1 + (1 + 1 + 0.5) / 3) / 2 + 1) / 2
        (
            "  copy:\n    src: a\n    dest: /b\n    mode: '0600'\n  become: true\n",
            ((1 + 2.5 / 3) / 2 + 1) / 2,
        ),
        # a keyword that is missing earns nothing
        ("  copy:\n    src: a\n    dest: /b\n    mode: '0644'\n", 0.5),
        # what was inserted costs nothing
        (COPY + "  tags: [x]\n", 1.0),
        # another module altogether
        ("  command: cp a /b\n  become: true\n", 0.5),
    ],
)
def test_ansible_aware_goes_key_by_key(given: str, aware: float) -> None:
    assert scorers.ansible_aware(read(COPY), read(given)) == pytest.approx(aware)


def test_modules_that_do_each_others_work_earn_half_a_key() -> None:
    score = scorers.ansible_aware(read("  command: ls\n"), read("  shell: ls\n"))
    assert score == pytest.approx((0.5 + 1.0) / 2)


def test_a_free_form_string_is_an_argument() -> None:
    assert scorers.exact_arguments(read("  command: ls -l\n"), read("  command: ls  -l\n")) == 1.0
    assert scorers.exact_arguments(read("  command: ls -l\n"), read("  command: ls\n")) == 0.0


def test_strong_acceptance_needs_the_module_and_half_of_the_text() -> None:
    near = COPY.replace("/b", "/c")
    far = "  copy:\n    content: something else altogether, at some length\n    dest: /somewhere/else\n"
    assert scorers.strong_proxy(read(COPY), read(near), COPY, near) == 1.0
    assert scorers.strong_proxy(read(COPY), read(far), COPY, far) == 0.0
    assert scorers.strong_proxy(read(COPY), read("  shell: x\n"), COPY, "  shell: x\n") == 0.0


def test_no_task_scores_nothing() -> None:
    for scorer in (
        scorers.module_match,
        scorers.exact_arguments,
        scorers.exact_task,
        scorers.ansible_aware,
    ):
        assert scorer(read(COPY), None) == 0.0


@pytest.mark.parametrize("body", ["", "  - x\n", "  copy:\n  command: x\n", "  become: true\n", "  a: [\n"])
def test_what_is_not_one_task_reads_as_none(body: str) -> None:
    assert read_body(body, resolve) is None


def test_characters_saved_are_never_below_nothing() -> None:
    assert scorers.characters_saved("abc", "abc") == 3
    assert scorers.characters_saved("abc", "something else entirely") == 0


def test_bleu_of_the_same_text_is_one() -> None:
    assert scorers.bleu(COPY, COPY) == pytest.approx(1.0)
    assert scorers.bleu(COPY, "x") < 0.1
