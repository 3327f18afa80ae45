"""The response cache keeps its promises, also towards a directory that somebody else has written to."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import diskcache
import pytest

from chiron.errors import StoreError
from chiron.store.cache import CacheStats, ResponseCache
from chiron.store.cache_disk import PINNED, RawDisk
from chiron.store.cache_entry import Cost


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "responses"


@pytest.fixture
def cache(directory: Path) -> Iterator[ResponseCache]:
    with closing(ResponseCache(directory, 4, retry_s=0.0)) as cache:
        yield cache


def check_after(directory: Path, tamper: str | Callable[[sqlite3.Connection], object]) -> ResponseCache:
    """Keeps an answer, lets somebody tamper with the database, and reads: a miss, that the next put mends."""
    with closing(ResponseCache(directory, 4)) as first:
        first.put("key", b"ours", 60)
    with closing(sqlite3.connect(directory / "cache.db", isolation_level=None)) as connection:
        if isinstance(tamper, str):
            connection.executescript(tamper)
        else:
            tamper(connection)
    cache = ResponseCache(directory, 4)
    assert cache.get("key") is None
    cache.put("key", b"new", 60)
    assert cache.get("key") == b"new"
    return cache


# ------------------------------------------------------------------ what it keeps


def test_an_answer_comes_back_as_it_was_given(cache: ResponseCache) -> None:
    value = bytes(range(256)) * 300
    cache.put("key", value, 60)
    assert cache.get("key") == value
    assert cache.get("other") is None


def test_an_answer_is_there_for_the_next_process(directory: Path) -> None:
    with closing(ResponseCache(directory, 4)) as first:
        first.put("key", b"value", 60)
    with closing(ResponseCache(directory, 4)) as second:
        assert second.get("key") == b"value"
        assert second.stats().n_refused == 0


def test_an_answer_is_gone_when_its_life_is_over(cache: ResponseCache, directory: Path) -> None:
    cache.put("key", b"value", 0.01)
    # The row's own time is put off; the sealed one counts.
    with closing(sqlite3.connect(directory / "cache.db")) as connection, connection:
        connection.execute("UPDATE Cache SET expire_time = expire_time + 1000")
    threading.Event().wait(0.02)
    assert cache.get("key") is None


def test_that_there_was_nothing_good_is_remembered_with_its_reason(cache: ResponseCache) -> None:
    cache.put_nothing("key", "invalid", 60)
    assert cache.get("key") is None
    entry = cache.look_up("key")
    assert entry is not None
    assert entry.reason == "invalid"
    assert cache.look_up("other") is None


def test_a_key_may_hold_any_text(cache: ResponseCache) -> None:
    for n, key in enumerate(("", "a\x00b", "\ud800", "é" * 5000, "chiron:totals")):
        cache.put(key, str(n).encode(), 60)
    assert cache.get("a\x00b") == b"1"
    assert cache.get("\ud800") == b"2"
    assert cache.stats().n_puts >= 4


def test_everything_can_be_cleared_and_nothing_of_it_is_left_in_the_files(
    cache: ResponseCache, directory: Path
) -> None:
    for n in range(50):
        cache.put(str(n), b"find-me-later" * 100, 60)
    assert cache.clear() == 50
    assert cache.get("1") is None
    left = b"".join(path.read_bytes() for path in directory.iterdir())
    assert b"find-me-later" not in left


def test_one_entry_can_be_removed(cache: ResponseCache) -> None:
    cache.put("one", b"1", 60)
    cache.put("two", b"2", 60)
    assert cache.remove("one") is True
    assert cache.remove("one") is False
    assert cache.get("two") == b"2"


def test_it_stays_within_its_size_and_the_least_recently_used_goes_first(directory: Path) -> None:
    with closing(ResponseCache(directory, 1)) as cache:
        cache.put("used", b"x" * 4000, 600)
        for n in range(600):
            cache.put(str(n), os.urandom(4000), 600)
            assert cache.get("used") is not None
        stats = cache.stats()
        assert stats.n_bytes <= stats.size_limit_bytes * 1.05
        assert cache.get("599") is not None
        assert cache.get("0") is None


def test_a_value_that_would_push_out_everything_else_is_not_kept(directory: Path) -> None:
    with closing(ResponseCache(directory, 1)) as cache:
        cache.put("large", b"x" * 900_000, 60)
        assert cache.get("large") is None


def test_the_statistics_say_what_was_saved_also_after_a_restart(directory: Path) -> None:
    with closing(ResponseCache(directory, 4)) as cache:
        cache.put("key", b"value", 60, cost=Cost(seconds=1.5, n_tokens=200, usd=0.01))
        for _ in range(3):
            cache.get("key")
        cache.get("other")
    with closing(ResponseCache(directory, 4)) as cache:
        cache.get("key")
        stats = cache.stats()
    assert (stats.n_hits, stats.n_misses, stats.n_puts, stats.n_entries) == (4, 1, 1, 1)
    assert (stats.saved_seconds, stats.saved_tokens) == (6.0, 800)
    assert stats.saved_usd == pytest.approx(0.04)


def test_threads_may_use_it_at_once(cache: ResponseCache) -> None:
    def work(name: int) -> None:
        for n in range(50):
            cache.put(f"{name}-{n}", f"{name}-{n}".encode(), 60)
            assert cache.get(f"{name}-{n}") in (f"{name}-{n}".encode(), None)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = cache.stats()
    assert stats.n_puts + stats.n_skipped >= 200
    assert stats.trouble is None


# ------------------------------------------------------------------ a directory of its own


def test_directory_and_files_are_for_the_user_alone(cache: ResponseCache, directory: Path) -> None:
    cache.put("key", b"value", 60)
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in directory.iterdir()} <= {
        "cache.db",
        "cache.db-wal",
        "cache.db-shm",
        "cache.key",
    }
    assert all(path.stat().st_mode & 0o077 == 0 for path in directory.iterdir())


def test_a_symbolic_link_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cache").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="symbolic link") as caught:
        ResponseCache(tmp_path / "cache", 4).put("key", b"value", 60)
    assert caught.value.advice
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_somebody_else_is_refused(directory: Path) -> None:
    directory.mkdir(parents=True)
    os.chown(directory, 65534, 65534)
    with pytest.raises(StoreError, match="another user") as caught:
        ResponseCache(directory, 4).get("key")
    assert caught.value.advice


def test_a_path_that_diskcache_would_expand_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="expanded"):
        ResponseCache(tmp_path / "$HOME", 4).get("key")


def test_what_stood_in_a_directory_that_others_could_write_to_is_not_believed(directory: Path) -> None:
    with closing(ResponseCache(directory, 4)) as cache:
        cache.put("key", b"value", 60)
    directory.chmod(0o777)
    with closing(ResponseCache(directory, 4)) as cache:
        assert cache.get("key") is None
    assert directory.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["cache.db", "cache.db-wal", "cache.key"])
def test_a_link_in_place_of_a_file_is_removed_and_what_it_leads_to_left_alone(
    directory: Path, tmp_path: Path, name: str
) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    directory.mkdir(parents=True, mode=0o700)
    (directory / name).symlink_to(target)
    with closing(ResponseCache(directory, 4)) as cache:
        cache.put("key", b"value", 60)
        assert cache.get("key") == b"value"
    assert target.read_bytes() == b"precious"


def test_a_hard_link_in_place_of_the_database_is_not_written_to(directory: Path, tmp_path: Path) -> None:
    with closing(ResponseCache(directory, 4)) as cache:
        cache.put("key", b"value", 60)
    other = tmp_path / "other.db"
    os.link(directory / "cache.db", other)
    before = other.read_bytes()
    with closing(ResponseCache(directory, 4)) as cache:
        cache.put("key", b"new", 60)
        assert cache.get("key") == b"new"
    assert other.read_bytes() == before


# ------------------------------------------------------------------ hostile rows


class Bomb:
    """Unpickling this leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_a_row_turned_into_a_pickle_is_not_unpickled(directory: Path, tmp_path: Path) -> None:
    bomb = pickle.dumps(Bomb(tmp_path / "exploded"))
    check_after(directory, lambda con: con.execute("UPDATE Cache SET mode = 4, value = ?", (bomb,)))
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("mode", [0, 1, 2, 3, 4, "1", 1.5, None])
def test_the_file_that_a_row_names_is_neither_opened_nor_deleted(
    directory: Path, tmp_path: Path, mode: object
) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(pickle.dumps("precious"))
    names = ("../../precious", str(precious))
    for name in names:
        cache = check_after(
            directory,
            lambda con, name=name: con.execute(  # type: ignore[misc]  # bound at once
                "UPDATE Cache SET mode = ?, filename = ?, value = NULL", (mode, name)
            ),
        )
        cache.remove("key")
        cache.clear()
        cache.close()
        assert precious.exists()


def test_a_row_that_names_a_file_is_not_followed_when_it_is_evicted(directory: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    with closing(ResponseCache(directory, 1)) as cache:
        for n in range(50):
            cache.put(str(n), os.urandom(4000), 60)
        with closing(sqlite3.connect(directory / "cache.db")) as connection, connection:
            connection.execute("UPDATE Cache SET filename = '../../precious', expire_time = 1")
        for n in range(300):
            cache.put(f"more {n}", os.urandom(4000), 60)
    assert precious.exists()


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE Cache SET value = x''",
        "UPDATE Cache SET value = substr(value, 1, 20)",
        "UPDATE Cache SET value = substr(value, 1, length(value) - 1)",
        "UPDATE Cache SET value = value || x'00'",
        "UPDATE Cache SET value = CAST('text' AS TEXT)",
        "UPDATE Cache SET value = 12",
        "UPDATE Cache SET value = NULL",
        "UPDATE Cache SET value = zeroblob(200)",
        "UPDATE Cache SET value = randomblob(length(value))",
        "UPDATE Cache SET raw = 0",
        "UPDATE Cache SET expire_time = 'never', value = x'00'",
        "UPDATE Cache SET size = 'x', access_count = -1, tag = x'00', value = x'00'",
        "DELETE FROM Cache",
    ],
)
def test_an_edited_or_truncated_value_is_a_miss_and_is_replaced(directory: Path, tamper: str) -> None:
    check_after(directory, tamper).close()


def test_an_entry_moved_to_another_key_is_a_miss(directory: Path) -> None:
    with closing(ResponseCache(directory, 4)) as cache:
        cache.put("one", b"1", 60)
        cache.put("two", b"2", 60)
        with closing(sqlite3.connect(directory / "cache.db")) as connection, connection:
            connection.execute(
                "UPDATE Cache SET value = (SELECT value FROM Cache WHERE key = '=one') WHERE key = '=two'"
            )
        assert cache.get("two") is None
        assert cache.get("one") == b"1"
        assert cache.stats().n_refused == 1


def test_an_entry_written_by_another_cache_is_a_miss(directory: Path, tmp_path: Path) -> None:
    with closing(ResponseCache(tmp_path / "theirs", 4)) as theirs:
        theirs.put("key", b"theirs", 60)
    with closing(ResponseCache(directory, 4)) as cache:
        cache.put("other", b"ours", 60)
    (directory / "cache.db").write_bytes((tmp_path / "theirs" / "cache.db").read_bytes())
    for suffix in ("-wal", "-shm"):
        (directory / f"cache.db{suffix}").unlink(missing_ok=True)
    with closing(ResponseCache(directory, 4)) as cache:
        assert cache.get("key") is None
        assert cache.stats().n_refused == 1


def test_one_byte_changed_anywhere_never_gives_a_wrong_answer(directory: Path) -> None:
    value = b"the answer " * 50
    with closing(ResponseCache(directory, 4)) as cache:
        cache.put("key", value, 60)
        with closing(sqlite3.connect(directory / "cache.db")) as connection:
            ((packed,),) = connection.execute("SELECT value FROM Cache WHERE key = '=key'").fetchall()
            for at in range(0, len(packed), 7):
                changed = bytearray(packed)
                changed[at] ^= 0x41
                with connection:
                    connection.execute("UPDATE Cache SET value = ? WHERE key = '=key'", (bytes(changed),))
                assert cache.get("key") is None
            with connection:
                connection.execute("UPDATE Cache SET value = ? WHERE key = '=key'", (packed,))
        assert cache.get("key") == value


# ------------------------------------------------------------------ hostile settings and schemas


@pytest.mark.parametrize(
    "tamper",
    [
        "CREATE TABLE more (x)",
        "CREATE VIEW more AS SELECT 1",
        "CREATE TRIGGER t AFTER INSERT ON Cache BEGIN DELETE FROM Cache; END",
        "DROP TRIGGER Settings_count_insert",
        "DROP TABLE Settings",
        "DROP TABLE Settings; CREATE VIEW Settings AS SELECT 'size_limit' AS key, 1 AS value",
        "DROP TABLE Cache",
        "ALTER TABLE Cache ADD COLUMN more",
        "INSERT INTO Settings VALUES (x'00', 1)",
        "DROP TABLE Settings; CREATE TABLE Settings (key, value)",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE TABLE x' WHERE name = 'Cache'",
    ],
)
def test_a_database_that_is_not_as_we_make_it_is_made_anew(directory: Path, tamper: str) -> None:
    check_after(directory, tamper).close()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("disk_min_file_size", 0),
        ("disk_pickle_protocol", "x"),
        ("disk_directory", "/tmp"),
        ("disk_self", 1),
        ("disk_store", "x"),
        ("disk__directory", "/tmp"),
        ("tag_index", 1),
        ("eviction_policy", "no-such-policy"),
        ("cull_limit", "many"),
        ("size_limit", 1),
        ("statistics", 1),
        ("size", "x"),
        ("count", None),
        ("_disk", "x"),
        ("_directory", "/tmp"),
        ("get", "x"),
        ("reset", "x"),
        ("sqlite_journal_mode", "off"),
        ("sqlite_mmap_size", 2**40),
        ("sqlite_synchronous", "x; DROP TABLE Cache"),
        ("sqlite_temp_store_directory", "'/tmp'"),
        ("sqlite_writable_schema", 1),
        ("sqlite_max_page_count", 1),
    ],
)
def test_no_setting_is_taken_over_from_the_file(directory: Path, key: str, value: object) -> None:
    with closing(ResponseCache(directory, 4)) as first:
        first.put("key", b"ours", 60)
        # While it is open, too: every new thread reads the settings again.
        with closing(sqlite3.connect(directory / "cache.db")) as connection, connection:
            connection.execute("INSERT OR REPLACE INTO Settings VALUES (?, ?)", (key, value))
        seen: list[bytes | None] = []
        thread = threading.Thread(target=lambda: seen.append(first.get("key")))
        thread.start()
        thread.join()
        assert seen == [b"ours"]
    with closing(ResponseCache(directory, 4)) as second:
        assert second.get("key") == b"ours"
        second.put("more", b"more", 60)
        assert second.get("more") == b"more"
        assert second.stats().trouble is None
        # Pinned settings were written back; those that somebody made up have no effect.
        with closing(sqlite3.connect(directory / "cache.db")) as connection:
            settings = dict(connection.execute("SELECT key, value FROM Settings").fetchall())
        assert {name: settings[name] for name in PINNED} == PINNED


@pytest.mark.parametrize(
    "content",
    [b"", b"not a database", b"SQLite format 3\x00" + b"\xff" * 4096, os.urandom(8192)],
    ids=["empty", "text", "header only", "noise"],
)
def test_a_file_that_is_no_database_is_made_anew(directory: Path, content: bytes) -> None:
    directory.mkdir(parents=True, mode=0o700)
    (directory / "cache.db").write_bytes(content)
    with closing(ResponseCache(directory, 4)) as cache:
        cache.put("key", b"value", 60)
        assert cache.get("key") == b"value"


def test_a_database_that_is_cut_off_in_use_is_made_anew(directory: Path) -> None:
    with closing(ResponseCache(directory, 4)) as cache:
        for n in range(100):
            cache.put(str(n), os.urandom(4000), 60)
        cache.stats()
    size = (directory / "cache.db").stat().st_size
    with (directory / "cache.db").open("r+b") as file:
        file.truncate(size // 3)
    with closing(ResponseCache(directory, 4)) as cache:
        for n in range(100):
            cache.get(str(n))
            cache.put(str(n), b"new", 60)
        assert cache.get("50") == b"new"


def test_a_cache_that_is_deleted_while_it_is_open_goes_on_in_a_new_one(directory: Path) -> None:
    with closing(ResponseCache(directory, 4)) as cache:
        cache.put("key", b"value", 60)
        for path in directory.iterdir():
            path.unlink()
        directory.rmdir()
        assert cache.get("key") is None
        cache.put("key", b"new", 60)
        assert cache.get("key") == b"new"
        assert (directory / "cache.db").exists()


def test_the_disk_refuses_everything_but_raw_bytes(tmp_path: Path) -> None:
    disk = RawDisk(str(tmp_path), min_file_size=0, pickle_protocol=2, directory="/", self=1)
    raw = diskcache.core.MODE_RAW
    for value in ("text", 1, 1.5, None, bytearray(b"x"), object()):
        with pytest.raises(TypeError):
            disk.store(value, read=False)
        with pytest.raises(TypeError):
            disk.put(b"x" if value == "text" else value)
    with pytest.raises(TypeError):
        disk.store(b"x", read=True)
    for mode, filename, read in ((raw, "x", False), (raw, None, True), (2, None, False), (4, None, False)):
        with pytest.raises(OSError, match="not raw bytes"):
            disk.fetch(mode, filename, b"x", read)
    for key, is_raw in ((b"x", 1), ("x", 0), ("x", "1"), (1, 1)):
        with pytest.raises(OSError, match="not text"):
            disk.get(key, is_raw)
    with pytest.raises(TypeError):
        disk.filename()
    (tmp_path / "kept").touch()
    disk.remove("kept")
    assert (tmp_path / "kept").exists()


# ------------------------------------------------------------------ trouble


def test_trouble_is_told_once_and_is_over_by_itself(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    cache = ResponseCache(tmp_path / "cache", 4, retry_s=0.0)
    with pytest.raises(StoreError) as caught:
        cache.get("key")
    assert caught.value.advice
    assert cache.get("key") is None
    cache.put("key", b"value", 60)
    assert cache.stats().trouble is not None
    (tmp_path / "cache").unlink()
    cache.put("key", b"value", 60)
    assert cache.get("key") == b"value"
    assert cache.stats().trouble is None


def test_a_cache_in_trouble_leaves_the_disk_alone_for_a_while(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    cache = ResponseCache(tmp_path / "cache", 4, retry_s=1000)
    with pytest.raises(StoreError):
        cache.get("key")
    (tmp_path / "cache").unlink()
    assert cache.get("key") is None
    assert not (tmp_path / "cache").exists()


FULL_DISK = """
import resource, sys
from pathlib import Path
from chiron.errors import StoreError
from chiron.store.cache import ResponseCache

cache = ResponseCache(Path(sys.argv[1]), 8, retry_s=0.0)
cache.put("first", b"1" * 1000, 600)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
told = 0
for n in range(200):
    try:
        cache.put(str(n), bytes(5000), 600)
        cache.get(str(n))
    except StoreError as error:
        assert error.advice
        told += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
cache.put("after", b"2", 600)
assert cache.get("after") == b"2", "it did not recover"
assert cache.stats().trouble is None
print(told)
"""


def test_a_full_disk_is_told_and_the_cache_recovers_by_itself(directory: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(directory)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1


def test_a_database_that_another_process_holds_is_a_miss_and_no_error(directory: Path) -> None:
    with closing(ResponseCache(directory, 4)) as cache:
        cache.put("key", b"value", 60)
        with closing(sqlite3.connect(directory / "cache.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            cache.put("more", b"more", 60)
            assert cache.get("key") is None
            other.execute("ROLLBACK")
        assert cache.get("key") == b"value"
        assert cache.stats().n_skipped >= 2


def test_a_closed_cache_answers_nothing_and_may_be_closed_again(directory: Path) -> None:
    cache = ResponseCache(directory, 4)
    cache.put("key", b"value", 60)
    cache.close()
    cache.close()
    assert cache.get("key") is None
    cache.put("key", b"new", 60)
    assert isinstance(cache.stats(), CacheStats)


def test_nothing_is_made_before_the_first_call(directory: Path) -> None:
    ResponseCache(directory, 4).close()
    assert not directory.exists()
