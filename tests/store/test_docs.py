"""Module docs on disk: kept where that is possible, never an error where it is not."""

from __future__ import annotations

import os
import pickle
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from chiron.store.docs import FORM, DocsStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "docs.sqlite"


def check_recreated(path: Path) -> None:
    """What is at `path` is replaced by a store that works."""
    store = DocsStore(path)
    assert store.get("old") is None
    store.put("new", b"value")
    store.close()
    assert DocsStore(path).get("new") == b"value"


def test_a_value_is_found_again_by_another_process_later(path: Path) -> None:
    store = DocsStore(path)
    store.put_many({"one": b"1", "two": b"\x00\xff"})
    store.close()
    assert DocsStore(path).get_many(("one", "two", "three")) == {"one": b"1", "two": b"\x00\xff"}


def test_the_last_value_put_counts(path: Path) -> None:
    store = DocsStore(path)
    store.put("key", b"before")
    store.put("key", b"after")
    assert store.get("key") == b"after"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_owner_may_read_the_file_and_its_directory(path: Path) -> None:
    previous = os.umask(0)
    try:
        DocsStore(path).put("key", b"value")
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for beside in path.parent.iterdir():
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", [b"not a database", b"SQLite format 3\x00" + b"\xff" * 4096, pickle.dumps({})]
)
def test_a_damaged_file_is_replaced(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    check_recreated(path)


def test_a_file_damaged_in_the_middle_is_replaced_when_that_shows(path: Path) -> None:
    store = DocsStore(path)
    store.put_many({f"key {n}": bytes(2000) for n in range(200)})
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:-4096] = b"\xaa" * (len(content) - 8192)
    path.write_bytes(content)
    damaged = DocsStore(path)
    for n in range(200):
        damaged.get(f"key {n}")
    damaged.put("new", b"value")
    assert damaged.get("new") == b"value"


def test_a_database_of_somebody_else_is_given_our_form(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE docs (something TEXT)")
        db.execute(f"PRAGMA user_version = {FORM + 1}")
    db.close()
    check_recreated(path)


def test_without_a_writable_place_nothing_is_kept_and_nothing_raised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = DocsStore(tmp_path / "file" / "docs.sqlite")
    store.put("key", b"value")
    assert not store.works
    assert store.get("key") is None
    assert store.clear() == 0
    store.close()


def test_a_full_disk_ends_keeping_and_nothing_else(path: Path) -> None:
    store = DocsStore(path)
    store.put("small", b"1")
    # The smallest disk there is: one on which the file may not grow.
    assert store._db is not None
    store._db.execute("PRAGMA max_page_count = 4")
    store.put("large", bytes(1_000_000))
    store.put("later", b"1")
    assert store.get("large") is None
    assert not store.works
    assert DocsStore(path).get("small") == b"1"


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no such flag here")
def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    (tmp_path / "docs.sqlite").symlink_to(target)
    store = DocsStore(tmp_path / "docs.sqlite")
    store.put("key", b"value")
    assert target.read_text() == "precious"
    assert not store.works


def test_what_was_put_longest_ago_goes_first_when_there_is_too_much(path: Path) -> None:
    store = DocsStore(path, limit_mb=1)
    store.put("first", b"1" * 10)
    assert store._db is not None
    store._db.execute("UPDATE docs SET at = 1")
    for n in range(30):
        store.put(f"key {n}", bytes(100_000))
    assert store.get("first") is None
    assert store.get("key 29") is not None


def test_clear_forgets_everything(path: Path) -> None:
    store = DocsStore(path)
    store.put_many({"one": b"1", "two": b"2"})
    assert store.clear() == 2
    assert store.get("one") is None


def test_threads_and_a_second_store_share_one_file(path: Path) -> None:
    stores = [DocsStore(path), DocsStore(path)]

    def work(n: int) -> None:
        for i in range(20):
            stores[n % 2].put(f"{n} {i}", b"value")
            assert stores[n % 2].get(f"{n} {i}") == b"value"

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(store.works for store in stores)
    assert len(stores[0].get_many(f"{n} {i}" for n in range(4) for i in range(20))) == 80


def test_it_may_be_closed_twice(path: Path) -> None:
    store = DocsStore(path)
    store.close()
    store.close()
    store.put("key", b"value")
    assert store.get("key") is None
