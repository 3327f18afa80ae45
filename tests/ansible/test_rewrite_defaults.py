"""Values of a role's tasks that become defaults of the role: both files, byte for byte."""

from __future__ import annotations

import pytest
import yaml

from chiron.ansible.catalog import Catalog
from chiron.ansible.rewrite import Rewrite, apply_edits, to_defaults
from chiron.config import Settings

TASK = (
    "- name: A\n  ansible.builtin.get_url:\n    url: https://example.org/a.tgz  # why\n    dest: /opt/a.tgz\n"
)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The ansible-core that Chiron itself depends on."""
    return Catalog.open(Settings(), None, {})


def extracted(
    catalog: Catalog, text: str, there: str | None, line: int = 2, taken: frozenset[str] = frozenset()
) -> list[Rewrite]:
    return list(to_defaults(text, catalog, line, "web", taken, {"defaults/main.yml": there}))


def check_extracted(
    catalog: Catalog, text: str, there: str | None, expected: str, defaults: str, *, line: int = 2
) -> None:
    """The value on `line` goes into the defaults, and comes out of them as it was."""
    (one,) = extracted(catalog, text, there, line)
    assert one.elsewhere is not None
    after, held = apply_edits(text, one.edits), apply_edits(there or "", one.elsewhere.edits)
    assert (after, held) == (expected, defaults)
    values = yaml.safe_load(held)
    back = after
    for name, value in values.items():
        back = back.replace(
            f'"{{{{ {name} }}}}"', yaml.safe_dump(value, default_flow_style=True).split("\n")[0]
        )
    assert yaml.safe_load(back) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("there", "defaults"),
    [
        (None, "---\nweb_get_url_url: https://example.org/a.tgz\n"),
        ("", "web_get_url_url: https://example.org/a.tgz\n"),
        ("---\n# none yet\n", "---\n# none yet\nweb_get_url_url: https://example.org/a.tgz\n"),
        ("a: 1  # c\n\n# end", "a: 1  # c\n\n# end\nweb_get_url_url: https://example.org/a.tgz\n"),
        ("a: 1\r\n", "a: 1\r\nweb_get_url_url: https://example.org/a.tgz\r\n"),
    ],
)
def test_a_value_becomes_a_default_of_the_role(catalog: Catalog, there: str | None, defaults: str) -> None:
    expected = TASK.replace("https://example.org/a.tgz", '"{{ web_get_url_url }}"')
    check_extracted(catalog, TASK, there, expected, defaults)


@pytest.mark.parametrize(
    ("option", "written", "kept"),
    [
        ("mode", '"0640"', '"0640"'),
        ("timeout", "30", "30"),
        ("force", "yes", "yes"),
        ("owner", "'a: b'", '"a: b"'),
        ("owner", "10.0.0.1", "10.0.0.1"),
    ],
)
def test_a_value_keeps_its_type(catalog: Catalog, option: str, written: str, kept: str) -> None:
    text = TASK + f"    {option}: {written}\n"
    (one,) = extracted(catalog, text, None, 4)
    assert one.elsewhere is not None
    assert apply_edits("", one.elsewhere.edits).endswith(f": {kept}\n")


@pytest.mark.parametrize(
    "line",
    [
        "    mode: 0644",  # a number, of which a template makes another string
        '    mode: "755"',  # a string, of which a template may make a number
        '    owner: "{{ it }}"',
        '    owner: "[a]"',
        '    owner: "true"',
        "    owner:",
        "    owner: |\n      a",
        "    url_password: hunter2",
        "    headers: {a: b}",
        "    no_such: a",
        "  become_user: a",
    ],
)
def test_what_might_not_come_out_as_it_went_in_stays(catalog: Catalog, line: str) -> None:
    assert extracted(catalog, TASK + line + "\n", None, 4) == []


def test_what_names_something_to_be_looked_up_stays(catalog: Catalog) -> None:
    assert extracted(catalog, "- ansible.builtin.debug:\n    var: web_port\n", None, 1) == []
    assert extracted(catalog, "- ansible.builtin.import_tasks:\n    file: a.yml\n", None, 1) == []


def test_a_default_that_holds_the_same_is_used_and_one_that_does_not_is_not(catalog: Catalog) -> None:
    (one,) = extracted(catalog, TASK, "web_get_url_url: https://example.org/a.tgz\n")
    assert one.elsewhere is None
    assert apply_edits(TASK, one.edits).count("{{ web_get_url_url }}") == 1
    (one,) = extracted(catalog, TASK, "web_get_url_url: https://example.org/b.tgz\n")
    assert apply_edits(TASK, one.edits).count("{{ web_get_url_url_2 }}") == 1


def test_a_name_that_is_taken_elsewhere_is_not_used(catalog: Catalog) -> None:
    (one,) = extracted(catalog, TASK, None, taken=frozenset({"web_get_url_url", "web_get_url_url_2"}))
    assert apply_edits(TASK, one.edits).count("{{ web_get_url_url_3 }}") == 1


@pytest.mark.parametrize(
    "there",
    [
        "a: [",
        "- a\n",
        "{a: 1}\n",
        "  a: 1\n",
        "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
        "a: 1\n...\n",
    ],
)
def test_defaults_that_nothing_can_be_added_to_are_left_alone(catalog: Catalog, there: str) -> None:
    assert extracted(catalog, TASK, there) == []


def test_defaults_that_stand_for_an_endless_text_cost_what_is_written(catalog: Catalog) -> None:
    there = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    (one,) = extracted(catalog, TASK, there + "b: &b {c: *b}\n")
    assert one.elsewhere is not None
