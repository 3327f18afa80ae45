"""Cases from a checkout, put to an arm, scored and compared: the whole way on a small repository."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chiron.ansible.catalog import Catalog
from chiron.config import Arm as ArmSettings
from chiron.config import Settings
from chiron.errors import ChironError
from chiron.evals import cases as case_files
from chiron.evals.cases import Case, build
from chiron.evals.command import gate_files, to_arm, write_baseline
from chiron.evals.report import page
from chiron.evals.run import Arm, Setup, hidden, read_results, run
from chiron.evals.score import best_silence, compare, means, rows, silence
from chiron.models.fake import Rule, ScriptedModel

TASKS = """---
- name: Install nginx
  ansible.builtin.package:
    name: nginx
    state: present

# a comment that belongs to the next task
- name: Say where we are
  ansible.builtin.debug:
    msg: here

- name: Install redis
  ansible.builtin.package:
    name: redis
    state: present
  become: true
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog.open(Settings(), tmp_path_factory.mktemp("nothing"), {})


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    path = tmp_path / "shop" / "roles" / "web" / "tasks" / "main.yml"
    path.parent.mkdir(parents=True)
    path.write_text(TASKS, encoding="utf-8")
    other = path.parent.parent / "handlers" / "main.yml"
    other.parent.mkdir()
    other.write_text(
        "- name: Restart nginx\n  ansible.builtin.service:\n    name: nginx\n    state: restarted\n",
        encoding="utf-8",
    )
    return tmp_path / "shop"


def recall_arm() -> Arm:
    return Arm("recall", "recall", None, 0.9, 1000)


def test_a_case_names_the_body_that_is_hidden(checkout: Path) -> None:
    found = {case.name: case for case in build([checkout])}
    assert set(found) == {"Install nginx", "Install redis", "Restart nginx"}
    case = found["Install nginx"]
    assert (case.line, case.body) == (2, (3, 5))
    assert case.expected == "  ansible.builtin.package:\n    name: nginx\n    state: present"


def test_the_same_seed_draws_the_same_cases(checkout: Path) -> None:
    assert build([checkout], per_repo=1, seed=3) == build([checkout], per_repo=1, seed=3)


def test_cases_survive_their_file(checkout: Path, tmp_path: Path) -> None:
    made = build([checkout])
    case_files.write(made, tmp_path / "cases.jsonl")
    assert case_files.read(tmp_path / "cases.jsonl") == made
    (tmp_path / "cases.jsonl").write_text('{"id": 1}\n', encoding="utf-8")
    with pytest.raises(ChironError, match="line 1"):
        case_files.read(tmp_path / "cases.jsonl")


def redis(checkout: Path) -> Case:
    return next(case for case in build([checkout]) if case.name == "Install redis")


def test_append_ends_with_the_name_and_insert_hides_the_body_alone(checkout: Path) -> None:
    case = next(case for case in build([checkout]) if case.name == "Install nginx")
    text, at = hidden(case, checkout, "append")
    assert text == "---\n- name: Install nginx"
    assert (at.line, at.column) == (1, len("- name: Install nginx"))
    text, _ = hidden(case, checkout, "insert")
    assert "name: redis" in text
    assert "name: nginx\n" not in text


def test_a_checkout_that_changed_is_refused(checkout: Path) -> None:
    case = redis(checkout)
    (checkout / case.path).write_text(TASKS.replace("redis", "valkey"), encoding="utf-8")
    with pytest.raises(ChironError, match="Build the cases again"):
        hidden(case, checkout, "append")


async def test_an_arm_answers_each_case_once(checkout: Path, catalog: Catalog, tmp_path: Path) -> None:
    made, out, setup = build([checkout]), tmp_path / "out.jsonl", Setup(checkout.parent)
    assert await run(made[:1], recall_arm(), catalog, setup, out) == 1
    assert await run(made, recall_arm(), catalog, setup, out) == len(made) - 1
    assert await run(made, recall_arm(), catalog, setup, out) == 0
    assert {result.id for result in read_results(out)} == {case.id for case in made}


async def test_what_is_hidden_is_known_to_nobody(checkout: Path, catalog: Catalog, tmp_path: Path) -> None:
    path = checkout / "roles/web/tasks/main.yml"
    path.write_text(
        TASKS + "\n- name: Polish the spoons\n  ansible.builtin.group:\n    name: xyzzy\n", encoding="utf-8"
    )
    case = next(case for case in build([checkout], seed=1) if case.name == "Polish the spoons")
    out = tmp_path / "out.jsonl"
    await run([case], recall_arm(), catalog, Setup(checkout.parent), out)
    (result,) = read_results(out)
    assert "xyzzy" not in (result.text or "")


async def test_the_raw_arm_is_the_model_alone(checkout: Path, catalog: Catalog, tmp_path: Path) -> None:
    written = "ansible.builtin.package:\n    name: redis\n- name: next\n  x: y"
    model = ScriptedModel([Rule(texts=(written,))])
    out = tmp_path / "out.jsonl"
    await run([redis(checkout)], Arm("raw", "raw", model, 0.9, 0), catalog, Setup(checkout.parent), out)
    (result,) = read_results(out)
    assert result.text == "  ansible.builtin.package:\n    name: redis"
    assert model.calls[0].prompt.endswith("- name: Install redis\n  ")
    assert model.calls[0].grammar is None


async def test_a_case_that_a_fault_kept_from_its_answer_is_put_again(
    checkout: Path, catalog: Catalog, tmp_path: Path
) -> None:
    model = ScriptedModel([Rule(fault="unreachable", times=1), Rule(texts=("apt:\n    name: redis",))])
    arm = Arm("raw", "raw", model, 0.9, 1000)
    out = tmp_path / "raw.jsonl"
    cases = [redis(checkout)]
    assert await run(cases, arm, catalog, Setup(checkout.parent), out) == 1
    (failed,) = read_results(out)
    assert failed.text is None
    assert failed.withheld == ["model-trouble", "ModelUnreachable"]
    assert await run(cases, arm, catalog, Setup(checkout.parent), out) == 1
    (answered,) = read_results(out)
    assert answered.text is not None
    assert await run(cases, arm, catalog, Setup(checkout.parent), out) == 0


async def test_the_page_escapes_what_cases_and_models_hold(
    checkout: Path, catalog: Catalog, tmp_path: Path
) -> None:
    evil = Rule(texts=("<script>alert(1)</script>: x",))
    out = tmp_path / "out.jsonl"
    arm = Arm("raw", "raw", ScriptedModel([evil]), 0.9, 0)
    await run(build([checkout]), arm, catalog, Setup(checkout.parent), out)
    shown = page({"raw <b>": rows(build([checkout]), read_results(out), catalog)}, "A & B")
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert "raw &lt;b&gt;" in shown
    assert "A &amp; B" in shown


async def test_scores_and_comparison_tell_a_better_arm(
    checkout: Path, catalog: Catalog, tmp_path: Path
) -> None:
    made, out, good = build([checkout]), tmp_path / "out.jsonl", tmp_path / "good.jsonl"
    await run(made, recall_arm(), catalog, Setup(checkout.parent), out)
    perfect = [
        {**json.loads(line), "text": next(c.expected for c in made if c.id == json.loads(line)["id"])}
        for line in out.read_text(encoding="utf-8").splitlines()
    ]
    good.write_text("".join(json.dumps(one) + "\n" for one in perfect), encoding="utf-8")
    first, second = rows(made, read_results(out), catalog), rows(made, read_results(good), catalog)
    assert means(second)["exact_task"].mean == 1.0
    assert means(second)["schema_correct"].mean == 1.0
    told = compare(first, second, "exact_task")
    assert told.n_lost == 0
    assert told.verdict == "not enough data"
    assert compare(first * 20, second * 20, "exact_task").n_pairs == len(made) * 20


def test_an_arm_of_the_settings_goes_by_its_name() -> None:
    settings = Settings(arms={"old": ArmSettings(model="none", prompt="4", recall_threshold=0.5)})
    arm = to_arm(settings, "old")
    assert (arm.name, arm.kind, arm.model, arm.prompt, arm.threshold) == ("old", "chiron", None, "4", 0.5)
    with pytest.raises(ChironError, match="No arm is called"):
        to_arm(settings, "new")


def test_some_cases_are_the_same_ones_each_time(checkout: Path) -> None:
    made = build([checkout])
    assert case_files.some(made, 2) == case_files.some(made[::-1], 2)[::-1]
    assert case_files.some(made, None) == made


async def test_silence_gains_where_what_is_unsure_is_wrong(
    checkout: Path, catalog: Catalog, tmp_path: Path
) -> None:
    made, out = build([checkout]), tmp_path / "out.jsonl"
    sure, unsure = made[0], made[1]
    lines = [
        {"id": sure.id, "text": sure.expected, "confidence": 0.9},
        {"id": unsure.id, "text": "  ansible.builtin.command: nonsense", "confidence": 0.2},
    ]
    more = {"source": "recall", "latency_ms": 1.0, "withheld": [], "tokens": {}}
    out.write_text("".join(json.dumps({**line, **more}) + "\n" for line in lines), encoding="utf-8")
    scored = rows(made, read_results(out), catalog)
    best = best_silence(scored)
    assert 0.2 < best.least <= 0.9
    assert (best.shown, best.right) == (0.5, 1.0)
    assert best.gained > silence(scored, 0.0).gained
    assert "gains most" in page({"arm": scored}, "x")


async def test_a_baseline_holds_scores_alone_and_notices_what_got_worse(
    checkout: Path, tmp_path: Path
) -> None:
    cases_file, good, bad = tmp_path / "cases.jsonl", tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    made = build([checkout])
    many = [replace(case, id=f"{case.id}{n}") for case in made for n in range(20)]
    case_files.write(many, cases_file)
    more = {"source": "recall", "latency_ms": 1.0, "withheld": [], "tokens": {}}
    for path, texts in ((good, [case.expected for case in many]), (bad, [None] * len(many))):
        path.write_text(
            "".join(
                json.dumps({"id": case.id, "text": text, **more}) + "\n"
                for case, text in zip(many, texts, strict=True)
            ),
            encoding="utf-8",
        )
    baseline = tmp_path / "baseline.jsonl"
    write_baseline(Settings(), cases_file, good, baseline)
    assert "nginx" not in baseline.read_text(encoding="utf-8")
    same = gate_files(Settings(), cases_file, baseline, good)
    worse = gate_files(Settings(), cases_file, baseline, bad)
    assert "worse" not in {figure["verdict"] for figure in same["figures"]}
    assert {figure["verdict"] for figure in worse["figures"]} == {"worse"}
    by_results = gate_files(Settings(), cases_file, good, bad)
    assert {figure["verdict"] for figure in by_results["figures"]} == {"worse"}
    (tmp_path / "other.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(ChironError, match="no baseline"):
        gate_files(Settings(), cases_file, tmp_path / "other.jsonl", good)
