"""What is noted of a text's stretches, and what of it is taken over after an edit."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from chiron.ansible.project import notes
from chiron.ansible.project.notes import noted

PIECES = st.sampled_from(
    [
        "", "\n", "x", " ", "- ", "  - name: a\n", "- hosts: web\n", "  tasks:\n", "    - debug:\n", "\r\n",
        "      tags: [one, two]\n", "  vars:\n    port: 1\n", "    text: |\n", "  roles:\n    - web\n",
        "    - include_role:\n        name: base\n", "# a comment\n",
    ]
)  # fmt: skip
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), PIECES), max_size=8)
PLAY = "- hosts: web\n  vars:\n    a: 1\n  tasks:\n    - name: b\n      tags: c\n      debug:\n" * 3


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join), EDITS)
@example(PLAY, [(1.0, 0, f"    - name: {n}\n") for n in range(8)])
def test_after_any_edits_it_is_as_if_the_text_were_read_for_the_first_time(
    text: str, edits: list[tuple[float, int, str]]
) -> None:
    text = PLAY + text
    for where, n_removed, put_in in [(0.0, 0, ""), *edits]:
        at = int(where * len(text))
        text = text[:at] + put_in + text[at + n_removed :]
        found, kept = noted(text), list(notes._recent)
        notes._recent.clear()
        assert found == noted(text)
        notes._recent.clear()
        notes._recent.extend(kept)


def test_no_part_is_kept_twice_while_a_text_grows() -> None:
    text = PLAY
    for n in range(50):
        text += f"    - name: task {n}\n      ping:\n"
        noted(text)
    parts = notes._recent[0][1]
    assert len({part.start for part in parts}) == len(parts)
