"""What is asked of a model, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an endpoint was found able to do when it was probed."""

    completions: bool = False
    chat: bool = False
    json_schema: bool = False
    grammar: bool = False
    logprobs: bool = False
    #: Lines of the file worth sending: a model that reads slowly answers late if it is given much.
    prompt_lines: int = 60
    #: How likely what it writes is to be kept, before anything has been learned about it.
    trust: float = 0.6


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model, exactly as it will be sent (already redacted).

    `system` is used by chat endpoints only. What an endpoint cannot do (`grammar`, `json_schema`) it
    ignores; answers are validated in any case.
    """

    prompt: str
    system: str = ""
    stop: tuple[str, ...] = ()
    max_tokens: int = 160
    temperature: float = 0.0
    n: int = 1
    grammar: str | None = None
    json_schema: Mapping[str, Any] | None = None
    #: Name and version of the prompt that built this, as `task-2`.
    prompt_version: str = ""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What a model wrote, and what it cost. Tokens are None where the endpoint does not tell."""

    texts: tuple[str, ...]
    model: str
    n_prompt_tokens: int | None = None
    n_completion_tokens: int | None = None
    n_cached_tokens: int | None = None
    finish: str = "stop"


class Model(Protocol):
    """A model behind an endpoint. Hosted, embedded and scripted ones look alike from here."""

    @property
    def name(self) -> str:
        """The model's name as a person would say it."""

    @property
    def endpoint(self) -> str:
        """Base URL, without credentials."""

    @property
    def weights(self) -> str:
        """What tells two sets of weights of the same name apart, or "" where nobody can tell."""

    @property
    def leaves_machine(self) -> bool:
        """Whether a request's text goes to another machine."""

    async def capabilities(self) -> Capabilities:
        """What the endpoint can do, probed at the first call and remembered. Raises `ModelError`."""

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelAnswer:
        """Answers `request`, or raises `ModelError`. Cancelling the caller closes the connection.

        `on_text` is given what is written so far, each time more of the first answer arrives.
        """

    async def close(self) -> None:
        """Closes connections. It may be called twice."""
