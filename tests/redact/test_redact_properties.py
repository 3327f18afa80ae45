"""Promises of redaction for any text: nothing planted is left, everything comes back, nothing raises."""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from chiron.kept import LONGEST
from chiron.redact import holds_secret, redact, redact_part, restore
from chiron.redact.blocks import Layout
from chiron.redact.lines import scan_line
from support.planted import KINDS, pieces, plant

CORPUS = Path(__file__).parents[1] / "data" / "secrets"
HARMLESS = [path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("harmless/*.yml"))]

#: Lines into which any of these kinds can be planted.
LINES = (
    "db_password: «{}»",
    "  - api_token: '«{}»' # ours",
    "    shell: export APP_SECRET=«{}» && run",
    '    environment: {{ "ACCESS_TOKEN": "«{}»" }}',
    "    line: password=«{}»",
)
#: Lines that say something of those below them.
BEGUN = (
    "  passwords:",
    "  password: |",
    "- no_log: true",
    "kind: Secret",
    "- name: DB_PASSWORD",
    "  value: x1!y2",
)
SIMPLE_KINDS = sorted(
    kind
    for kind in KINDS
    if kind not in ("pem", "vault", "pem_escaped", "salt", "password", "passphrase", "numeric")
)
YAML_TEXT = st.text(
    alphabet=st.sampled_from("ab1_-:|>\"'{}[]#&*!%@$=,.;/\\ \n\t\r~passwordkeytoken"), max_size=400
)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    chosen=st.lists(
        st.tuples(st.sampled_from(LINES), st.sampled_from(SIMPLE_KINDS)), min_size=1, max_size=12
    ),
    before=st.sampled_from(HARMLESS),
)
def test_no_planted_secret_is_left(seed: int, chosen: list[tuple[str, str]], before: str) -> None:
    planted = plant(before + "\n" + "\n".join(line.format(kind) for line, kind in chosen) + "\n", seed)
    redaction = redact(planted.text)
    for kind, secret, _ in planted.secrets:
        assert all(piece not in redaction.text for piece in pieces(secret)), kind
    assert restore(redaction.text, redaction, planted.text) == planted.text
    assert holds_secret(redaction.text, redaction) is None


@settings(max_examples=300, deadline=None)
@given(text=YAML_TEXT | st.text(max_size=300))
def test_any_text_comes_back_whole(text: str) -> None:
    redaction = redact(text)
    if "CHIRON" not in text.upper():
        assert restore(redaction.text, redaction, text) == text


@settings(max_examples=150, deadline=None)
@given(text=YAML_TEXT, cut=st.tuples(st.integers(0, 400), st.integers(0, 400)))
def test_a_part_holds_no_more_than_the_whole_does(text: str, cut: tuple[int, int]) -> None:
    start, end = sorted((min(cut[0], len(text)), min(cut[1], len(text))))
    part = redact_part(text, start, end)
    whole = redact(text)
    for secret in whole.secrets.values():
        if len(secret) >= 12:
            assert secret not in part.text


@settings(max_examples=60, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 4), st.sampled_from([*BEGUN, *LINES])), max_size=10
    ),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_a_text_that_is_edited_is_redacted_as_if_it_were_new(
    edits: list[tuple[int, int, str]], ending: str
) -> None:
    lines = [f"  key_{n}: value {n}" for n in range(400)]
    for at, n_gone, line in edits:
        lines[at : at + n_gone] = [line]
        text = ending.join(lines)
        anew = [scan_line(one) for one in text.split("\n")]
        assert len(text) > LONGEST
        assert Layout(text).scans == anew


def test_long_and_hostile_lines_take_time_in_proportion_to_their_length() -> None:
    lines = (
        "password: " + "a" * 100_000,
        "x: " + "a:b@" * 20_000,
        "shell: " + "mysql -p" * 10_000,
        "x: " + "{{ " * 20_000,
        "password: " + "{{ x | default('" * 10_000,
        "password=" * 20_000,
        'password="' * 20_000,
        "https://a:b" * 10_000,
        "passwords: [" + "[" * 20_000,
        "-----BEGIN PRIVATE KEY-----\n" * 1_000,
        "$ANSIBLE_VAULT;1.1;AES256\n" * 2_000,
        "password: |\n" + "  a\n" * 10_000,
        "passwords:\n" * 200,
        "- no_log: true\n" * 200,
        "value: x\n" * 2_000,
        "//" + "a/" * 20_000 + ":_authToken=",
        "Bearer " * 10_000,
        'password: "' + "\\" * 20_000,
    )
    started = time.process_time()
    for line in lines:
        redact(line)
    # Computing, not the clock: what grows with the square of the length takes minutes here.
    assert time.process_time() - started < 30
