"""Who may speak to the review, and who may not."""

from __future__ import annotations

import http.client
import re

from chiron.review import guard
from chiron.review.guard import TOKEN_LIFE_S, Keys
from support.reviewing import Review


def open_with(review: Review, token: str, **headers: str) -> tuple[int, dict[str, str]]:
    """Opens the address with nothing but its token."""
    asked = {"Cookie": None, "Origin": None, "X-CSRF-Token": None, "Sec-Fetch-Site": "none", **headers}
    answer = review.ask("GET", f"/open?token={token}", asked)
    return answer.status, dict(answer.headers)


def test_the_token_of_the_address_becomes_a_cookie_that_no_script_and_no_other_site_gets(
    review: Review,
) -> None:
    status, headers = open_with(review, review.parts.keys.token)
    assert (status, headers["location"]) == (303, "/")
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert review.parts.keys.token not in cookie
    given = cookie.split(";")[0]
    assert review.ask("GET", "/", {"Cookie": given}).status == 200


def test_the_address_opens_once(review: Review) -> None:
    assert open_with(review, review.parts.keys.token)[0] == 303
    assert open_with(review, review.parts.keys.token)[0] == 403


def test_who_is_inside_already_may_open_the_address_again(review: Review) -> None:
    review.parts.keys.used = True
    assert review.ask("GET", f"/open?token={review.parts.keys.token}").status == 303


def test_an_address_that_lay_about_for_too_long_opens_nothing() -> None:
    now = 100.0
    keys = Keys(8000, clock=lambda: now)
    now += TOKEN_LIFE_S + 1
    assert not keys.exchange(keys.token)
    now -= 2
    assert keys.exchange(keys.token)


def test_a_wrong_token_opens_nothing_and_does_not_use_up_the_right_one(review: Review) -> None:
    assert open_with(review, "x" * 43)[0] == 403
    assert open_with(review, "")[0] == 403
    assert open_with(review, review.parts.keys.token)[0] == 303


def test_a_browser_that_looks_ahead_does_not_use_up_the_token(review: Review) -> None:
    assert open_with(review, review.parts.keys.token, **{"Sec-Purpose": "prefetch"})[0] == 503
    assert open_with(review, review.parts.keys.token)[0] == 303


def test_without_the_cookie_no_page_is_shown(review: Review) -> None:
    name = review.parts.keys.cookie_name
    for path in ("/", "/queue", "/search", "/card/x", "/delete", "/nothing"):
        answer = review.ask("GET", path, {"Cookie": None})
        assert answer.status == 403
        assert "chiron review" in answer.text
        for cookie in (f"{name}=guess", f"{name}=", "]]=;;\x7f"):
            assert review.ask("GET", path, {"Cookie": cookie}).status == 403


def test_a_name_that_was_made_to_point_here_gets_nothing(review: Review) -> None:
    port = review.parts.keys.port
    hosts = ("example.org", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1.example.org:{port}", f"[::1]:{port}", "")
    for host in hosts:
        for path in ("/", "/open", "/static/review.js"):
            assert review.ask("GET", path, {"Host": host}).status == 421, (host, path)


def test_localhost_is_a_name_of_this_machine_too(review: Review) -> None:
    port = review.parts.keys.port
    own = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}
    assert review.ask("GET", "/", own).status == 200
    # A page of the one name must not act under the other.
    assert review.ask("POST", "/check", own, "").status == 200
    mixed = {"Host": f"localhost:{port}"}
    assert review.ask("POST", "/check", mixed, "").status == 403


WRONG: list[dict[str, str | None]] = [
    {"Origin": None},
    {"Origin": "http://example.org"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"X-CSRF-Token": None},
    {"X-CSRF-Token": "guess"},
    {"Cookie": None},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
]


def test_nothing_is_changed_for_other_pages(review: Review) -> None:
    for path in ("/label", "/undo", "/check", "/delete", "/saved", "/saved/remove"):
        for wrong in WRONG:
            assert review.ask("POST", path, wrong, "id=x&label=good").status == 403, (path, wrong)


def test_what_changes_something_cannot_be_asked_for_by_a_link(full_review: Review) -> None:
    for path in ("/label", "/undo", "/saved", "/saved/remove", "/check"):
        assert full_review.ask("GET", f"{path}?id=x&label=good").status in (404, 405)


def test_a_script_of_another_port_reads_nothing(review: Review) -> None:
    reading = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}
    assert review.ask("GET", "/search", reading).status == 403


def test_a_body_that_is_too_long_is_not_read(review: Review) -> None:
    body = "correction=" + "x" * (guard.MOST_BYTES + 1)
    assert review.ask("POST", "/check", body=body).status == 413
    assert review.ask("POST", "/check", {"Content-Length": "endless"}, None).status in (400, 413)


def test_a_body_longer_than_it_said_is_cut_off_by_the_server(review: Review) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", review.parts.keys.port, timeout=10)
    connection.putrequest("POST", "/check")
    for name, value in (review.headers() | {"Transfer-Encoding": "chunked"}).items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_every_answer_forbids_what_a_page_of_ours_does_not_do(review: Review) -> None:
    for path in ("/", "/queue", "/nothing", "/static/review.css", "/open?token=x"):
        headers = review.ask("GET", path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert ("no-store" in headers["cache-control"]) is not path.startswith("/static/")


def test_no_path_of_a_request_reaches_the_disk(review: Review) -> None:
    climbing = (
        "../app.py",
        "..%2fapp.py",
        "%2e%2e/app.py",
        "/etc/passwd",
        "htmx.LICENSE",
        "",
        "review.js%00",
    )
    for name in climbing:
        answer = review.ask("GET", f"/static/{name}")
        assert answer.status == 404, name
        assert "import" not in answer.text
        assert "root:" not in answer.text


def test_pages_hold_no_inline_script_or_style(full_review: Review) -> None:
    for path in ("/", "/queue", "/search"):
        page = full_review.get(path)
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
