"""The keywords agree with the ansible-core that is installed. Its files are read, it is never imported."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from chiron.syntax.keywords import BLOCK_LISTS, PLAY_LISTS, PLAY_MARKS, TASK_KEYWORDS, is_module


def described() -> set[str]:
    spec = find_spec("ansible")
    assert spec is not None
    assert spec.origin is not None
    return set(yaml.safe_load((Path(spec.origin).parent / "keyword_desc.yml").read_text()))


def test_every_keyword_is_one_of_ansible() -> None:
    own = TASK_KEYWORDS | BLOCK_LISTS | PLAY_LISTS | {m for m in PLAY_MARKS if "." not in m}
    assert own - described() == {"import_playbook", "listen"}  # not described there


def test_every_keyword_of_ansible_is_known_to_belong_to_tasks_or_not() -> None:
    of_plays = """
        accelerate accelerate_ipv6 accelerate_port fact_path force_handlers gather_facts gather_subset
        gather_timeout max_fail_percentage order role serial strategy
    """
    loops = {word for word in described() if word.startswith("with_")}
    assert described() - TASK_KEYWORDS - BLOCK_LISTS - PLAY_MARKS - {*of_plays.split()} - loops == {"action"}


@pytest.mark.parametrize(
    "key", ["apt", "ansible.builtin.apt", "block", "action", "local_action", "include_tasks"]
)
def test_what_a_task_does_is_no_keyword(key: str) -> None:
    assert is_module(key)


@pytest.mark.parametrize("key", ["when", "with_fileglob", "name", "listen", "vars"])
def test_how_a_task_runs_is_no_module(key: str) -> None:
    assert not is_module(key)
