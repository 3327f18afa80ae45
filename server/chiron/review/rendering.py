"""The templates, filled. Everything that is put into them is escaped unless it was made here as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from chiron.review.verdicts import VERDICTS
from chiron.review.visible import plain, visible

_HERE = Path(__file__).parent


class Templates:
    """Jinja's environment with what every page needs."""

    def __init__(self, csrf: str = "") -> None:
        self._jinja = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.globals.update(csrf=csrf, verdicts=VERDICTS)
        self._jinja.filters.update(visible=visible, plain=plain, spoken=_spoken)

    def html(self, name: str, **values: object) -> str:
        """The template of that name, filled."""
        return self._jinja.get_template(name).render(**values)

    def response(self, name: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """The same as a response."""
        return HTMLResponse(self.html(name, **values), status_code=status)

    def refused(self, status: int, why: str) -> Response:
        """The page that says why somebody is not let in."""
        return self.response("refused.html", status=status, why=why)

    async def not_found(self, request: Request, error: Exception) -> Response:
        return self.refused(404, "There is no such page.")


def _spoken(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Codes with how a person says them."""
    return [(code, code.replace("_", " ")) for code in codes]


def style_sheet() -> Markup:
    """The style sheet's text, for a page that must stand alone."""
    return Markup((_HERE / "static" / "review.css").read_text(encoding="utf-8"))  # noqa: S704 our own file
