"""What is in the messages that Chiron adds to the standard. Their names stand in `protocol`."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pygls.exceptions import JsonRpcInvalidParams


class _Message(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


M = TypeVar("M", bound=_Message)


class ClientEvent(_Message):
    """Something the editor saw happen to a suggestion."""

    kind: Literal["accepted", "rejected", "moved_away", "shown", "accepted_part"]
    evidence: Literal["confirmed", "observed", "inferred"] = "observed"
    suggestion_id: str | None = Field(None, max_length=64)
    uri: str | None = Field(None, max_length=4096)
    #: Cumulative, in UTF-16 units.
    accepted_length: int | None = Field(None, ge=0, le=1_000_000)
    reason: str | None = Field(None, max_length=64)


class Status(_Message):
    """What the status bar shows."""

    state: Literal["ready", "paused", "problem"]
    model: str | None = None
    endpoint: str | None = None
    leaves_machine: bool = False
    message: str | None = None
    advice: str | None = None


class WhyParams(_Message):
    suggestion_id: str | None = Field(None, max_length=64)


class ReportParams(_Message):
    suggestion_id: str = Field(max_length=64)
    label: str = Field(max_length=64)
    note: str | None = Field(None, max_length=4000)


class PauseParams(_Message):
    paused: bool
    #: `everywhere`, or the URI of one document.
    scope: str = Field("everywhere", max_length=4096)


class _ClientPosition(_Message):
    line: int = Field(ge=0)
    character: int = Field(ge=0)


class SuggestAtParams(_Message):
    uri: str = Field(max_length=4096)
    position: _ClientPosition
    n: int = Field(3, ge=1, le=3)


class UseModelParams(_Message):
    name: str = Field(max_length=200)


def read(model: type[M], params: Any) -> M:
    """`params` as `model`, or the error that tells a client which field is wrong."""
    try:
        return model.model_validate(params if isinstance(params, dict) else {})
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        raise JsonRpcInvalidParams(f"wrong or missing: {fields}") from None
