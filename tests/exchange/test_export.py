"""The log as training data: what teaches, in which format, and what is never written."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chiron.errors import ChironError
from chiron.exchange.copied import Copied
from chiron.exchange.export import export, to_values
from chiron.exchange.formats import Format
from chiron.records import Event, Ground, Source, SuggestionRecord
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import EDITOR_ONLY
from chiron.store.feedback_search import Search
from chiron.suggest.model.prompt import SYSTEM
from support import feedback_made
from support.logged import BODY, CONTEXT, INSTEAD, fate, label
from support.reviewing import keep

_ANSWER = "ansible.builtin.package:\n    name: nginx\n    state: present"
_INSTEAD = "ansible.builtin.apt:\n    name: nginx\n    state: latest"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FeedbackLog]:
    with FeedbackLog(tmp_path / "feedback.sqlite") as one:
        yield one


def check_export(
    log: FeedbackLog, kind: Format, *rows: SuggestionRecord | Event, **over: Any
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The lines that the rows become, and the manifest."""
    keep(log, *rows)
    out = log.path.with_name("out.jsonl")
    done = export(log, Search(EDITOR_ONLY), kind, out, copied=Copied(None), **over)
    manifest = json.loads(out.with_name("out.jsonl.manifest.json").read_text(encoding="utf-8"))
    assert {key: manifest[key] for key in to_values(done)} == to_values(done)
    assert manifest["sha256"]["out.jsonl"] == hashlib.sha256(out.read_bytes()).hexdigest()
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()], manifest


def test_what_was_kept_is_the_answer_to_the_file_before_it(log: FeedbackLog) -> None:
    (row,), manifest = check_export(log, Format.MESSAGES, *fate("a", "kept"))
    assert row["messages"] == [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"The file:\n{CONTEXT}\n  <here>"},
        {"role": "assistant", "content": _ANSWER},
    ]
    assert (row["author"], row["model"], row["why"]) == ("recall", None, "kept")
    assert manifest["n_rows"] == 1


@pytest.mark.parametrize(
    ("what", "desired"),
    [
        ("kept", True), ("refused", False), ("undone", False), ("rewritten", False),
        ("expired", None), ("not_seen", None), ("open", None),
    ],
)  # fmt: skip
def test_only_what_somebody_judged_teaches(log: FeedbackLog, what: str, desired: bool | None) -> None:
    keep(log, *fate("always", "kept", text="\n  ansible.builtin.debug:\n    msg: x"))
    rows, manifest = check_export(log, Format.KTO, *fate("a", what))
    assert [row["label"] for row in rows if row["id"] == "a"] == ([] if desired is None else [desired])
    assert manifest["left_out"].get("nothing to learn from", 0) == (1 if desired is None else 0)


def test_a_label_beats_the_outcome(log: FeedbackLog) -> None:
    rows, _ = check_export(
        log, Format.KTO,
        *fate("a", "kept"), label("a", "wrong_value"),
        *fate("b", "refused"), label("b", "good"),
    )  # fmt: skip
    assert {row["id"]: row["label"] for row in rows} == {"a": False, "b": True}


def test_what_was_written_instead_is_preferred_to_what_was_refused(log: FeedbackLog) -> None:
    (row,), _ = check_export(log, Format.PREFERENCE, *fate("a", "instead"))
    assert row["prompt"][-1]["content"].endswith("Install nginx\n  <here>")
    assert row["chosen"] == [{"role": "assistant", "content": _INSTEAD}]
    assert row["rejected"] == [{"role": "assistant", "content": _ANSWER}]
    assert (row["chosen_author"], row["rejected_author"]) == ("person", "recall")


def test_what_was_still_being_typed_is_no_answer(log: FeedbackLog) -> None:
    *rows, last = fate("a", "instead")
    assert isinstance(last, Event)
    begun = replace(last, data={"text": "\n  ansible.builtin.apt: {na"})
    kto, _ = check_export(log, Format.KTO, *rows, begun)
    assert [row["label"] for row in kto] == [False]


def test_a_correction_becomes_the_text_that_would_have_stood_there(log: FeedbackLog) -> None:
    context = "- hosts: all\n  tasks:\n    - name: Install nginx\n      become: true\n"
    at = context.index("\n      become")
    corrected = (
        "- name: Install nginx\n  ansible.builtin.apt:\n    name: nginx\n    state: latest\n  become: true\n"
    )
    text = "\n      ansible.builtin.package:\n        name: nginx"
    (row,), _ = check_export(
        log,
        Format.PREFERENCE,
        *fate("a", "refused", context=context, context_at=at, text=text),
        label("a", "wrong_module", correction=corrected, correction_valid=True),
    )
    assert row["chosen"][0]["content"] == "ansible.builtin.apt:\n        name: nginx\n        state: latest"
    assert row["rejected"][0]["content"] == "ansible.builtin.package:\n        name: nginx"
    assert row["chosen_why"] == "correction"


@pytest.mark.parametrize(
    ("correction", "valid"),
    [
        ("- name: Something else\n  ansible.builtin.apt:\n    name: nginx\n", True),
        ("- name: Install nginx\n  ansible.builtin.apt:\n    name: nginx\n", False),
    ],
)
def test_a_correction_that_is_no_insertion_or_not_valid_is_not_learned(
    log: FeedbackLog, correction: str, valid: bool
) -> None:
    given = label("a", "wrong_module", correction=correction, correction_valid=valid)
    rows, _ = check_export(log, Format.KTO, *fate("a", "refused"), given)
    assert [row["label"] for row in rows] == [False]


def test_an_alternative_passed_over_for_one_that_was_kept_is_worse_only_beside_it(log: FeedbackLog) -> None:
    rows = [
        *fate("a", "kept", request_id="r", rank=1),
        *fate("b", "expired", request_id="r", rank=0, text=INSTEAD),
        *fate("c", "not_seen", request_id="r", rank=2, text="\n  ansible.builtin.yum:\n    name: nginx"),
    ]
    (row,), _ = check_export(log, Format.PREFERENCE, *rows)
    assert (row["chosen"][0]["content"], row["rejected"][0]["content"]) == (_ANSWER, _INSTEAD)
    kto, _ = check_export(log, Format.KTO)
    assert [one["id"] for one in kto] == ["a"]


def test_a_models_text_carries_the_models_name(log: FeedbackLog) -> None:
    (row,), manifest = check_export(
        log, Format.PREFERENCE, *fate("a", "instead", source=Source.MODEL, model="some-model")
    )
    assert (row["rejected_author"], row["rejected_model"]) == ("model", "some-model")
    assert row["chosen_model"] is None
    assert manifest["by_model"] == {"some-model": 1}
    assert any("terms" in note for note in manifest["notes"])


def test_openai_gets_messages_alone_and_the_names_stand_in_a_second_file(log: FeedbackLog) -> None:
    rows, manifest = check_export(
        log, Format.OPENAI, *fate("a", "kept", source=Source.MODEL, model="some-model")
    )
    assert [list(row) for row in rows] == [["messages"]]
    beside = log.path.with_name("out.jsonl.lines.jsonl").read_text(encoding="utf-8").splitlines()
    assert [(one["line"], one["id"], one["model"]) for one in map(json.loads, beside)] == [
        (1, "a", "some-model")
    ]
    assert any("fewer than 10" in note for note in manifest["notes"])
    assert set(manifest["sha256"]) == {"out.jsonl", "out.jsonl.lines.jsonl"}


def test_openais_own_types_take_every_message(log: FeedbackLog) -> None:
    """The types of the `openai` package; what its service asks of a file beyond them is checked by hand."""
    from openai.types.chat import ChatCompletionMessageParam
    from pydantic import TypeAdapter

    message: TypeAdapter[Any] = TypeAdapter(ChatCompletionMessageParam)
    feedback_made.write(log.path, 300, labelled=0.2)
    rows, _ = check_export(log, Format.OPENAI)
    assert len(rows) > 100
    for row in rows:
        for one in row["messages"]:
            message.validate_python(one, strict=True)
            assert set(one) == {"role", "content"}
            assert one["content"].strip()
        assert [one["role"] for one in row["messages"]] == ["system", "user", "assistant"]


def test_examples_of_modules_are_left_out_by_where_they_came_from(log: FeedbackLog) -> None:
    grounds = (Ground("task", "Copy a file", "modules/copy.py:7", "examples"),)
    rows, manifest = check_export(log, Format.KTO, *fate("a", "kept"), *fate("b", "refused", grounds=grounds))
    assert [row["id"] for row in rows] == ["a"]
    assert manifest["left_out"]["from a module's EXAMPLES"] == 1


def test_examples_of_modules_are_left_out_by_their_text_too(tmp_path: Path, log: FeedbackLog) -> None:
    from chiron.ansible.catalog import Catalog
    from chiron.config import Settings

    settings = Settings(data_dir=tmp_path / "d", cache_dir=tmp_path / "c")
    catalog = Catalog.open(settings, None, {})
    found = catalog.module("ansible.builtin.copy")
    assert found is not None
    copied = Copied(catalog)
    _, _, body, _ = next(one for one in _split(found.examples) if one[2].count("\n") > 2)
    laid_out = "\n" + "\n".join(f"      {line}" for line in body.split("\n"))
    assert copied.is_example(laid_out, "ansible.builtin.copy")
    assert not copied.is_example(BODY, "ansible.builtin.package")


def _split(text: str) -> list[tuple[str, str, str, int]]:
    from chiron.ansible.catalog.examples import split_examples

    return list(split_examples(text))


def test_a_row_that_looks_like_a_secret_is_left_out_and_counted_but_not_named(log: FeedbackLog) -> None:
    secret = "\n  ansible.builtin.user:\n    name: a\n    password: hunter2hunter2x"
    _, manifest = check_export(log, Format.KTO, *fate("a", "kept"), *fate("b", "refused", text=secret))
    receipt = manifest["redaction"]
    assert (receipt["n_rows_scanned_again"], receipt["n_rows_left_out"]) == (2, 1)
    assert receipt["n_found_in_the_written_file"] == 0
    assert "hunter2" not in json.dumps(manifest)
    assert "hunter2" not in log.path.with_name("out.jsonl").read_text(encoding="utf-8")


def test_placeholders_are_no_secrets(log: FeedbackLog) -> None:
    text = "\n  ansible.builtin.user:\n    name: a\n    password: __CHIRON_SECRET_1__"
    rows, _ = check_export(log, Format.MESSAGES, *fate("a", "kept", text=text))
    assert "__CHIRON_SECRET_1__" in rows[0]["messages"][-1]["content"]


def test_files_that_are_excluded_now_are_left_out(log: FeedbackLog) -> None:
    keep(log, *fate("a", "kept"), *fate("b", "kept", uri="file:///home/me/secret.yml"))
    _, manifest = check_export(log, Format.MESSAGES, is_excluded=lambda uri: uri.endswith("secret.yml"))
    assert (manifest["n_rows"], manifest["left_out"]["excluded file"]) == (1, 1)


def test_where_a_file_lies_is_not_told(log: FeedbackLog) -> None:
    check_export(log, Format.KTO, *fate("a", "kept", uri="file:///home/somebody/site/tasks/main.yml"))
    assert "somebody" not in log.path.with_name("out.jsonl").read_text(encoding="utf-8")


def test_the_same_lesson_twice_is_written_once(log: FeedbackLog) -> None:
    rows, manifest = check_export(log, Format.MESSAGES, *fate("a", "kept"), *fate("b", "kept"))
    assert (len(rows), manifest["left_out"]["the same again"]) == (1, 1)


def test_nothing_to_write_is_said_and_leaves_no_file(log: FeedbackLog) -> None:
    with pytest.raises(ChironError, match="Nothing was left to export"):
        check_export(log, Format.MESSAGES, *fate("a", "refused"))
    assert [path.name for path in log.path.parent.iterdir() if "out" in path.name] == []


def test_what_only_the_command_line_asked_is_not_exported(log: FeedbackLog) -> None:
    rows, _ = check_export(log, Format.MESSAGES, *fate("a", "kept"), *fate("b", "kept", origin="cli"))
    assert [row["id"] for row in rows] == ["a"]


def test_the_file_is_the_users_alone(log: FeedbackLog) -> None:
    check_export(log, Format.MESSAGES, *fate("a", "kept"))
    for name in ("out.jsonl", "out.jsonl.manifest.json"):
        assert log.path.with_name(name).stat().st_mode & 0o077 == 0


def test_without_its_library_a_table_says_what_to_install(
    log: FeedbackLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ChironError, match=r"parquet.*pip install"):
        check_export(log, Format.PARQUET, *fate("a", "kept"))
    assert [path.name for path in log.path.parent.iterdir() if "out" in path.name] == []


def test_a_link_in_the_files_place_is_replaced_not_followed(log: FeedbackLog, tmp_path: Path) -> None:
    other = tmp_path / "somebody's"
    other.write_text("theirs", encoding="utf-8")
    for name in ("out.jsonl", "out.jsonl.manifest.json"):
        log.path.with_name(name).symlink_to(other)
    check_export(log, Format.MESSAGES, *fate("a", "kept"))
    assert other.read_text(encoding="utf-8") == "theirs"


def test_a_folder_that_is_not_there_is_said(log: FeedbackLog, tmp_path: Path) -> None:
    keep(log, *fate("a", "kept"))
    with pytest.raises(ChironError, match="cannot be written to"):
        export(log, Search(EDITOR_ONLY), Format.KTO, tmp_path / "no" / "out.jsonl", copied=Copied(None))


def test_a_table_holds_every_suggestion_with_its_types(log: FeedbackLog) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    keep(log, *fate("a", "kept"), *fate("b", "expired"), label("b", "good"))
    out = log.path.with_name("out.parquet")
    export(log, Search(EDITOR_ONLY), Format.PARQUET, out, copied=Copied(None))
    table = parquet.read_table(out)
    assert table.num_rows == 2
    assert str(table.schema.field("at").type) == "timestamp[ms, tz=UTC]"
    rows = {row["id"]: row for row in table.to_pylist()}
    assert (rows["a"]["outcome"], rows["a"]["strong"], rows["b"]["label"]) == ("accepted", True, "good")
