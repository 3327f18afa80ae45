"""What went wrong at an endpoint, as Chiron's own errors, each with one sentence of advice.

No message holds text from the endpoint's body beyond a short code word: a body may repeat the prompt or the
key, and messages end up in logs.
"""

from __future__ import annotations

import email.utils
import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chiron.errors import ModelBusy, ModelError, ModelGarbled, ModelRefused, ModelTimeout, ModelUnreachable

#: Statuses that may pass by themselves. 529 is what some vendors say for "overloaded".
PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})

_CODE_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]-]{0,63}")
_PARAMETER = re.compile(
    r"(?:parameter|argument|field|keyword|property|extra inputs?|not supported|unsupported|unrecognized)"
    r"[^'\"`]{0,40}['\"`]([a-z][a-z0-9_]{1,40})['\"`]",
    re.IGNORECASE,
)


class Refusal(ModelRefused):
    """A refused request, with the status and the parameter the endpoint named, where it named one."""

    def __init__(self, message: str, *, advice: str, status: int, parameter: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.status = status
        self.parameter = parameter


class Dropped(ModelUnreachable):
    """A connection that was there and broke before anything of an answer had come."""


class Busy(ModelBusy):
    """An endpoint that may answer later: `retry_after_s` is its own word for when, or None."""

    def __init__(self, message: str, *, advice: str, status: int, retry_after_s: float | None = None) -> None:
        super().__init__(message, advice=advice)
        self.status = status
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """How messages speak of an endpoint: its name, its URL without credentials, where its key comes from."""

    name: str
    url: str
    key_source: str
    has_key: bool
    #: What to do when nothing listens there.
    start_advice: str


def from_status(status: int, body: bytes, headers: Mapping[str, str], where: Whereabouts) -> ModelError:
    """The error that an answer with this status stands for. `body` may be cut off or anything at all."""
    code, parameter = _told(body)
    said = f" ({code})" if code else ""
    if 300 <= status < 400:
        return Refusal(
            f"{where.name} redirects to another address (HTTP {status}).",
            advice="Set base_url to the final address; redirects are not followed, so that no prompt or key "
            "goes to a host that was not named.",
            status=status,
        )
    if status in PASSING:
        after = retry_after_s(headers)
        why = "too many requests" if status == 429 else f"HTTP {status}"
        wait = f"It asks to wait {after:.0f} s." if after else "Suggestions come back when it does."
        return Busy(f"{where.name} is busy: {why}{said}.", advice=wait, status=status, retry_after_s=after)
    if status in (401, 403, 407):
        state = "the key was not accepted" if where.has_key else "a key is needed"
        return Refusal(
            f"{where.name} refused the request: {state} (HTTP {status}).",
            advice=f"Set the key with {where.key_source}.",
            status=status,
        )
    if status == 404:
        return Refusal(
            f"{where.name} knows no such model or path at {where.url}{said} (HTTP 404).",
            advice="Check base_url (it usually ends in /v1) and model.",
            status=status,
            parameter=parameter,
        )
    if status == 413 or (code and "context" in code):
        return Refusal(
            f"{where.name} finds the prompt too long{said} (HTTP {status}).",
            advice="Give the model a longer context or choose another model.",
            status=status,
        )
    return Refusal(
        f"{where.name} refused the request{said} (HTTP {status}).",
        advice="Check that the endpoint speaks the OpenAI API and knows this model.",
        status=status,
        parameter=parameter,
    )


def from_exception(error: BaseException, where: Whereabouts, *, started: bool = False) -> ModelError:
    """The error that a vendor's exception stands for. `started` says that part of an answer had come.

    Vendors' classes are told apart by name, since the HTTP library under `openai` has changed its own.
    """
    chain = list(_causes(error))
    for link in chain:
        if isinstance(link, ModelError):
            return link
    names = {cls.__name__ for link in chain for cls in type(link).__mro__}
    if "ConnectTimeout" in names:
        return ModelUnreachable(
            f"{where.name} cannot be reached at {where.url}: no connection in time.",
            advice=where.start_advice,
        )
    if names & {"TimeoutException", "APITimeoutError", "TimeoutError"}:
        return timed_out(where)
    if names & {"SSLError", "SSLCertVerificationError", "CertificateError"}:
        return ModelUnreachable(
            f"{where.name} at {where.url} shows a certificate that is not trusted here.",
            advice="Check the address, or name the certificate authority with SSL_CERT_FILE.",
        )
    if started:
        return ModelUnreachable(
            f"The connection to {where.name} broke in the middle of an answer.", advice=where.start_advice
        )
    if names & {"UnsupportedProtocol", "InvalidURL", "LocalProtocolError"}:
        return ModelUnreachable(
            f"{where.url!r} is no address of an endpoint.", advice="Set base_url, as https://host/v1."
        )
    if names & {"RemoteProtocolError", "ReadError", "WriteError"}:
        return Dropped(f"{where.name} broke the connection off.", advice=where.start_advice)
    return ModelUnreachable(f"{where.name} cannot be reached at {where.url}.", advice=where.start_advice)


def is_vendors(error: BaseException) -> bool:
    """Whether `error` comes from the network or the libraries that speak to it, not from a mistake here."""
    libraries = {"openai", "httpx", "httpx2", "httpcore", "httpcore2", "h11", "anyio"}
    return any(
        isinstance(link, OSError | ModelError) or type(link).__module__.partition(".")[0] in libraries
        for link in _causes(error)
    )


def timed_out(where: Whereabouts) -> ModelTimeout:
    """No answer within the endpoint's time."""
    return ModelTimeout(
        f"{where.name} did not answer in time.", advice="Raise timeout_s or choose a faster model."
    )


def garbled(where: Whereabouts, what: str) -> ModelGarbled:
    """What came is no answer; `what` says in which way, in Chiron's words."""
    return ModelGarbled(
        f"{where.name} sent {what} instead of an answer.",
        advice=f"Check that {where.url} speaks the OpenAI API (base_url usually ends in /v1).",
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds from now that `Retry-After` (a number or an HTTP date) asks to wait, never negative."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _told(body: bytes) -> tuple[str | None, str | None]:
    """The code word and the parameter that an error body names, where it is one."""
    try:
        loaded: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None, None
    if isinstance(loaded, list):
        loaded = loaded[0] if loaded else None
    if not isinstance(loaded, dict):
        return None, None
    told = loaded.get("error", loaded)
    if not isinstance(told, dict):
        told = {"message": told}
    code = next(
        (
            word
            for key in ("code", "type")
            if isinstance(word := told.get(key), str) and _CODE_WORD.fullmatch(word)
        ),
        None,
    )
    named = told.get("param")
    if not (isinstance(named, str) and re.fullmatch(r"[a-z][a-z0-9_.]{0,40}", named)):
        message = told.get("message")
        found = _PARAMETER.search(message[:2000]) if isinstance(message, str) else None
        named = found.group(1) if found else None
    return code, named.split(".")[0] if named else None


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain
