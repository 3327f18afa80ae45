"""The review as a web app: routes, each a few lines that convert in, call one function, and convert out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from chiron.errors import ChironError, StoreError
from chiron.review.acts import Acts, standing_json
from chiron.review.arena import Arena
from chiron.review.guard import Guard
from chiron.review.pages import Pages
from chiron.review.parts import Parts
from chiron.review.rendering import Templates
from chiron.review.searching import Unasked
from chiron.review.verdicts import Overtaken, Standing

_STATIC = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

Params = dict[str, str]
Endpoint = Callable[[Request], Awaitable[Response]]


def build_app(parts: Parts) -> ASGIApp:
    """The whole review behind its guard."""
    templates = Templates(parts.keys.csrf)
    pages, acts = Pages(parts, templates), Acts(parts, templates)
    arena = Arena(parts.log, templates, parts.matches)
    routes = [
        _get("/", pages.overview),
        _get("/queue", pages.queue),
        _get("/queue/rows", pages.queue_rows),
        _get("/search", pages.search),
        _get("/search/rows", pages.search_rows),
        _get("/suggestion/{id}", pages.suggestion),
        _get("/card/{id}", pages.card),
        _get("/arena", arena.page),
        _get("/arena/match", arena.match),
        _get("/arena/ratings", arena.ratings),
        _post("/arena/choose", arena.choose),
        _post("/arena/undo", arena.undo),
        _get("/delete", acts.before_delete),
        _post("/delete", acts.delete),
        _post("/label", acts.label),
        _post("/undo", acts.undo),
        _post("/check", acts.check),
        _post("/saved", acts.save),
        _post("/saved/remove", acts.unsave),
        _static(),
    ]
    handlers = {
        Overtaken: _overtaken,
        Unasked: _said(400),
        StoreError: _said(503),
        ChironError: _said(500),
        404: templates.not_found,
    }
    return Guard(Starlette(routes=routes, exception_handlers=handlers), parts.keys, templates.refused)


def _get(path: str, page: Callable[[Params], Response]) -> Route:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(page, {**request.query_params, **request.path_params})

    return Route(path, endpoint, methods=["GET"])


def _post(path: str, act: Callable[[Params], Response]) -> Route:
    async def endpoint(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        try:
            given = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=60))
        except ValueError:
            raise Unasked("That form has too many fields.") from None
        return await run_in_threadpool(act, given)

    return Route(path, endpoint, methods=["POST"])


def _static() -> Route:
    """The shipped files, read once: no request's path ever reaches the disk."""
    files = {
        path.name: (path.read_bytes(), _TYPES[path.suffix])
        for path in _STATIC.iterdir()
        if path.suffix in _TYPES
    }

    async def endpoint(request: Request) -> Response:
        body, kind = files.get(request.path_params["name"], (b"", ""))
        return Response(body, media_type=kind) if kind else Response(status_code=404)

    return Route("/static/{name}", endpoint, methods=["GET"])


async def _overtaken(request: Request, error: Exception) -> Response:
    """Another window's verdict stands: what it is, so that a person can decide."""
    standing = error.standing if isinstance(error, Overtaken) else Standing()
    return JSONResponse(standing_json(standing), status_code=409)


def _said(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handler(request: Request, error: Exception) -> Response:
        return Response(str(error), status_code=status, media_type="text/plain")

    return handler
