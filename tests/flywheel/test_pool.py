"""What becomes an example, what never does, and what counts against."""

from __future__ import annotations

from collections.abc import Sequence

from chiron.flywheel.learned.booking import keys_of, was_kept
from chiron.flywheel.learned.pool import MOST_OF_FILE, MOST_OF_NAME, Pool, build_pool, is_copied
from chiron.records import Ground, Outcome, ScopeKind
from chiron.store.feedback_lessons import Lesson
from support.outcomes import BODY, DAY_MS, NOON_MS, SITE, lesson


def to_pool(
    lessons: Sequence[Lesson],
    *,
    days_later: float = 1,
    workspace: str | None = SITE,
    shared: bool = False,
    invalid: str = "invalid",
) -> Pool:
    return build_pool(
        lessons,
        now_ms=NOON_MS + int(days_later * DAY_MS),
        workspace=workspace,
        shared=shared,
        half_life_days=30,
        resolve=lambda name: f"ansible.builtin.{name}" if "." not in name else name,
        is_valid=lambda text: invalid not in text,
    )


def check_examples(lessons: Sequence[Lesson], *expected: str, **how: object) -> Pool:
    """The pool's examples, newest first, each as `kind name`."""
    pool = to_pool(lessons, **how)  # type: ignore[arg-type]  # by name
    assert [f"{one.kind} {one.name}" for one in pool.examples] == list(expected)
    return pool


def test_what_was_accepted_and_kept_is_an_example_with_its_lineage() -> None:
    pool = check_examples([lesson(7)], "accepted Install nginx")
    (task,) = pool.tasks
    assert task.suggestion_id == "s0007"
    assert task.note == "accepted by you on 15 June 2026"
    assert (task.body, task.fqcn, task.origin) == (BODY, "ansible.builtin.package", "accepted")
    assert task.path == "roles/web/tasks/main.yml"


def test_what_came_from_a_modules_examples_stays_told_to_be_from_there() -> None:
    """Those are under the GPL, and an export must not take them for anybody's own after one acceptance."""
    grounds = (Ground("task", "Install a package", "package.py:3", "examples"),)
    (task,) = check_examples([lesson(grounds=grounds)], "accepted Install nginx").tasks
    assert not is_copied((Ground("task", "Install apache", "main.yml:1", "workspace"),))
    again = (Ground("task", task.name, task.path, f"{task.note} (suggestion {task.suggestion_id})"),)
    assert is_copied(again)
    assert to_pool([lesson(grounds=again)]).examples[0].copied


def test_a_click_is_not_enough() -> None:
    check_examples([lesson(kept=0.2), lesson(2, undone=True), lesson(3, strong=False)])


def test_what_was_refused_is_no_example() -> None:
    ended = [Outcome.REJECTED, Outcome.TYPED_OVER, Outcome.EXPIRED, Outcome.MOVED_AWAY, Outcome.NOT_SEEN]
    check_examples([lesson(number, outcome) for number, outcome in enumerate(ended)])


def test_a_verdict_outweighs_what_was_done() -> None:
    check_examples([lesson(label="unsafe")])
    check_examples([lesson(outcome=Outcome.REJECTED, label="good")], "accepted Install nginx")


def test_a_correction_is_an_example_in_place_of_what_it_corrects() -> None:
    text = "- name: Install nginx\n  ansible.builtin.apt:\n    name: nginx\n"
    pool = check_examples([lesson(label="wrong_module", correction=text)], "corrected Install nginx")
    assert pool.examples[0].body == "ansible.builtin.apt:\n  name: nginx"
    check_examples([lesson(label="wrong_module", correction=text, corrected_valid=False)])


def test_what_was_written_instead_is_an_example() -> None:
    instead = "\n  ansible.builtin.apt:\n    name: nginx"
    pool = check_examples([lesson(outcome=Outcome.TYPED_OVER, instead=instead)], "instead Install nginx")
    assert pool.examples[0].body == "ansible.builtin.apt:\n  name: nginx"


def test_what_the_validator_does_not_pass_is_left_out() -> None:
    pool = check_examples([lesson(body="ansible.builtin.copy:\n  invalid: true")])
    assert pool.left_out == {"not valid here": 1}


def test_a_placeholder_of_a_secret_never_comes_back() -> None:
    secret = "ansible.builtin.user:\n  name: __CHIRON_SECRET_1__"
    pool = check_examples([lesson(body=secret), lesson(2, name="Use __CHIRON_SECRET_2__")])
    assert pool.left_out == {"holds a secret's placeholder": 2}


def test_it_fades_with_age_and_goes_in_the_end() -> None:
    assert to_pool([lesson()], days_later=31).examples[0].weight == 0.5
    assert to_pool([lesson()], days_later=200).left_out == {"faded": 1}


def test_what_belongs_to_another_workspace_counts_only_where_that_is_shared() -> None:
    other = lesson(uri="file:///srv/site-two/roles/db/tasks/main.yml")
    assert check_examples([other]).ledger.entries == {}
    pool = check_examples([other], "accepted Install nginx", shared=True)
    assert pool.tasks[0].path == "roles/db/tasks/main.yml"
    check_examples([lesson()], workspace=None)


def test_no_source_can_fill_it() -> None:
    many = [lesson(n, name=f"Install thing {n}") for n in range(3 * MOST_OF_FILE)]
    assert len(to_pool(many).examples) == MOST_OF_FILE
    alike = [lesson(n, body=f"{BODY}\nretries: {n}", uri=f"file://{SITE}/{n}.yml") for n in range(9)]
    assert len(to_pool(alike).examples) == MOST_OF_NAME
    assert [one.suggestion_id for one in to_pool(alike).examples] == ["s0008", "s0007", "s0006"]


def test_the_same_text_again_and_again_counts_a_few_times_only() -> None:
    ledger = to_pool([lesson(n, Outcome.REJECTED) for n in range(50)]).ledger
    assert ledger.entries["all",].n <= 3


def test_what_a_person_took_out_teaches_nothing() -> None:
    pool = check_examples([lesson(unlearned=True), lesson(2, Outcome.REJECTED, unlearned=True)])
    assert (pool.version, pool.n_outcomes) == ("", 0)


def test_what_was_refused_counts_against_what_is_like_it() -> None:
    pool = to_pool([lesson(n, Outcome.REJECTED, name=f"Install {n}") for n in range(6)])
    keys = keys_of("Install more", "ansible.builtin.package", BODY, "Install apache", lambda name: name)
    assert pool.ledger.shift(keys) < -0.5
    assert pool.n_outcomes == 6


def test_what_nobody_saw_or_took_in_part_counts_neither_way() -> None:
    for outcome in (None, Outcome.NOT_SEEN, Outcome.PARTLY_ACCEPTED, Outcome.EXPIRED):
        assert was_kept(lesson(outcome=outcome).row) is None
    assert was_kept(lesson(label="a word of another program").row) is None


def test_the_version_changes_with_an_outcome_and_only_then() -> None:
    one = to_pool([lesson()]).version
    assert one == to_pool([lesson()]).version != ""
    assert one != to_pool([lesson(), lesson(2, Outcome.REJECTED, name="Other")]).version
    assert to_pool([]).version == ""


def test_a_task_list_gives_an_example_for_each_of_its_tasks() -> None:
    context = "# install nginx, start it\n"
    text = (
        "- name: Install nginx\n  package:\n    name: nginx\n"
        "- name: Start nginx\n  service:\n    name: nginx\n"
    )
    made = lesson(
        text=text, context=context, context_at=len(context), scope=ScopeKind.TASK_LIST, task_name="x"
    )
    check_examples([made], "accepted Install nginx", "accepted Start nginx")


def test_the_rest_of_a_task_is_taken_from_the_lines_round_it() -> None:
    context = "- name: Install nginx\n  ansible.builtin.package:\n    name: nginx\n    "
    made = lesson(
        text="state: present", context=context, context_at=len(context), scope=ScopeKind.MODULE_OPTIONS
    )
    assert check_examples([made], "accepted Install nginx").examples[0].body == BODY
