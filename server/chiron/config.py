"""Every setting and its default.

Settings come from, later ones winning: the defaults here, `config.toml` in the user's config directory,
`CHIRON_…` environment variables (nested with `__`), start arguments, and the editor. The editor (and so a
workspace) can only set what `EDITOR_MAY_SET` names: an untrusted repository must not redirect prompts or
name a program to run.
"""

from __future__ import annotations

import fnmatch
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings.exceptions import SettingsError as SettingsSourceError

from chiron.errors import SettingsError

APP = "chiron"


class Endpoint(BaseModel):
    """One OpenAI-compatible endpoint."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(description="Base URL of the API, as https://host/v1.")
    model: str = Field(description="Model name as the endpoint knows it.")
    api_key_env: str | None = Field(None, description="Environment variable that holds the key.")
    api_key_keyring: str | None = Field(None, description="Name under which the keyring holds the key.")
    style: Literal["auto", "completion", "chat"] = Field("auto", description="How to ask; auto probes.")
    timeout_s: float = Field(20.0, gt=0, le=600, description="Longest wait for one answer, in seconds.")
    connect_timeout_s: float = Field(3.0, gt=0, le=60, description="Longest wait for a connection.")
    max_retries: int = Field(2, ge=0, le=10, description="Tries again after 429 and 5xx.")
    prefetch: bool = Field(False, description="May be asked ahead of the person.")
    usd_per_m_prompt: float | None = Field(None, ge=0, description="Price of a million prompt tokens.")
    usd_per_m_completion: float | None = Field(None, ge=0, description="Price of a million written tokens.")


class Embedded(BaseModel):
    """The model in the box."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Path | None = Field(None, description="A .gguf file; the packaged Gemma 3 270M by default.")
    context_tokens: int = Field(4096, ge=512, le=131072, description="Context of one slot, in tokens.")
    n_slots: int = Field(2, ge=1, le=16, description="Requests served side by side.")
    threads: int | None = Field(None, ge=1, le=256, description="CPU threads; half the cores by default.")
    idle_stop_s: float = Field(900.0, gt=0, description="Stops after this long without a request.")
    timeout_s: float = Field(20.0, gt=0, le=600, description="Longest wait for one answer, in seconds.")


class Cache(BaseModel):
    """Responses on disk."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(True, description="Keep answers on disk.")
    size_mb: int = Field(64, ge=1, le=10_000, description="Size limit in MB.")
    life_s: float = Field(30 * 86400.0, gt=0, description="How long an answer is good.")
    negative_life_s: float = Field(600.0, gt=0, description='How long "nothing good" is remembered.')


class Feedback(BaseModel):
    """The log of what became of suggestions. It never leaves this machine by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(True, description="Keep a log of suggestions and their outcomes.")
    retention_days: int = Field(365, ge=1, description="Older rows are erased.")
    exclude: tuple[str, ...] = Field((), description="Globs of files that are neither sent nor kept.")


def is_excluded(path: str, globs: Sequence[str], root: str | None = None) -> bool:
    """Whether one of `globs` covers the file at `path`, an absolute one: whole, by name, or below `root`.

    Where `root` is None, a glob may begin at any folder.
    """
    if not globs:
        return False
    names = [path, path.rpartition("/")[2]]
    if root is None:
        names += ["/".join(path.split("/")[nth:]) for nth in range(1, path.count("/"))]
    elif path.startswith(root.rstrip("/") + "/"):
        names.append(path[len(root.rstrip("/")) + 1 :])
    return any(fnmatch.fnmatch(name, glob) for name in names for glob in globs)


class Suggest(BaseModel):
    """When and how suggestions are made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    automatic: bool = Field(True, description="Suggest while typing, not only when asked.")
    debounce_ms: int = Field(60, ge=0, le=5000, description="Quiet time before a model is asked.")
    patience_ms: int = Field(
        1500,
        ge=0,
        le=600_000,
        description="Longest wait for a model while something recalled could be shown.",
    )
    least_confidence: float = Field(
        0.1, ge=0, le=1, description="While typing, nothing less sure than this is shown."
    )
    n_alternatives: int = Field(3, ge=1, le=3, description="Most suggestions shown for one place.")
    recall_threshold: float = Field(
        0.82, ge=0, le=1, description="Confidence from which a recalled task needs no model."
    )


class Learning(BaseModel):
    """What is learned from what became of suggestions, on this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(True, description="Let what became of earlier suggestions change later ones.")
    recall: bool = Field(True, description="Recall what was kept, like a task of the workspace.")
    rates: bool = Field(True, description="Rate what could be shown by what was kept and refused here.")
    prompt: bool = Field(True, description="Show a model what was kept among the similar tasks.")
    gate: bool = Field(True, description="Hold back what is unlikely to be kept, once a gate was trained.")
    shared: bool = Field(False, description="Let what was learned in one workspace count in all.")
    half_life_days: float = Field(
        90.0, gt=0, le=3650, description="Days after which an outcome counts half as much."
    )
    control_share: float = Field(
        0.1, ge=0, le=0.5, description="Share of requests answered without anything learned, to compare with."
    )
    interruption: float = Field(
        0.1, ge=0, le=1, description="What a suggestion shown in vain costs, one that is kept being worth 1."
    )


#: What the log calls requests without arms.
_TAKEN = frozenset({"default", "learned", "control"})


class Arm(BaseModel):
    """One of several ways to answer in daily use, to be compared. What is unset is as elsewhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(1.0, gt=0, le=1000, description="Its share of requests, next to the others'.")
    model: str | None = Field(None, description="Its endpoint, as `model` above.")
    n_similar: int | None = Field(None, ge=0, le=8, description="Similar tasks that its prompt shows.")
    prompt: Literal["4", "5"] | None = Field(None, description="Version of its prompt; the latest if unset.")
    recall_threshold: float | None = Field(None, ge=0, le=1, description="As in `suggest`.")
    patience_ms: int | None = Field(None, ge=0, le=600_000, description="As in `suggest`.")
    least_confidence: float | None = Field(None, ge=0, le=1, description="As in `suggest`.")


class OwnPrice(BaseModel):
    """What a model costs you, from a day on; it goes before the table that comes with Chiron."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(description="Model name as the endpoint tells it.")
    since: date = Field(description="First day of this price, as 2026-06-30.")
    prompt: float = Field(ge=0, description="US dollars for a million tokens read.")
    completion: float = Field(ge=0, description="US dollars for a million tokens written.")


class Tracing(BaseModel):
    """Spans and metrics for a collector of your own. It needs the `tracing` extra."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(False, description="Send spans and metrics.")
    endpoint: str = Field("http://127.0.0.1:4318", description="OTLP/HTTP address, without /v1/traces.")
    headers_env: str | None = Field(None, description="Environment variable with headers, as a=b,c=d.")
    texts: bool = Field(False, description="Send prompts and suggestions too, redacted.")
    timeout_s: float = Field(5.0, gt=0, le=60, description="Longest wait for the collector, in seconds.")


class Diagnostics(BaseModel):
    """What is told of a file's problems while it is open, and by `chiron check`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(True, description="Show problems in the editor.")
    off: tuple[str, ...] = Field((), description="Codes of problems and rewrites to leave out.")
    quiet: bool = Field(False, description="Leave out what Red Hat's extension reports too.")
    debounce_ms: int = Field(250, ge=0, le=10_000, description="Quiet time before a change is checked.")


class Settings(BaseSettings):
    """Every setting. `Settings()` reads file and environment; unknown keys are errors."""

    model_config = SettingsConfigDict(
        env_prefix="CHIRON_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    model: str = Field(
        "auto",
        description="Endpoint in use: a name under `endpoints`, `embedded`, `none`, or `auto` "
        "(embedded where it is installed, else none). `fake:FILE` plays a script.",
    )
    endpoints: Mapping[str, Endpoint] = Field(default_factory=dict, description="Endpoints by name.")
    python: Path | None = Field(None, description="Python whose Ansible is read; found by itself if unset.")
    collections_paths: tuple[Path, ...] = Field((), description="Further places with collections.")
    embedded: Embedded = Embedded()
    cache: Cache = Cache()
    feedback: Feedback = Feedback()
    suggest: Suggest = Suggest()
    learning: Learning = Learning()
    arms: Mapping[str, Arm] = Field(
        default_factory=dict, description="Ways to answer under comparison, by name."
    )
    diagnostics: Diagnostics = Diagnostics()
    prices: tuple[OwnPrice, ...] = Field((), description="What models cost you; before the table shipped.")
    tracing: Tracing = Tracing()
    log_level: Literal["debug", "info", "warning", "error"] = Field("warning", description="Log on stderr.")
    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path(APP, appauthor=False),
        description="Where feedback is kept.",
    )
    cache_dir: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path(APP, appauthor=False),
        description="Where responses and module docs are kept.",
    )

    @field_validator("arms")
    @classmethod
    def _arms_have_names_of_their_own(cls, arms: Mapping[str, Arm]) -> Mapping[str, Arm]:
        for name in arms:
            if not re.fullmatch(r"[A-Za-z][\w-]{0,30}", name) or name in _TAKEN:
                raise ValueError(f"{name!r} is no name for an arm: use letters, digits, - and _")
        return arms

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, toml_file=config_file()),
        )


#: What `initializationOptions` and `workspace/configuration` may set. Nothing that names an endpoint, a
#: key, a program or a place on disk.
EDITOR_MAY_SET: Mapping[str, frozenset[str]] = {
    "suggest": frozenset(Suggest.model_fields),
    "feedback": frozenset({"exclude"}),
    "diagnostics": frozenset(Diagnostics.model_fields),
}


def config_file() -> Path:
    """Path of the user's `config.toml`, whether it exists or not. `CHIRON_CONFIG` names another."""
    named = os.environ.get("CHIRON_CONFIG")
    return Path(named) if named else platformdirs.user_config_path(APP, appauthor=False) / "config.toml"


def read_settings(**over: Any) -> Settings:
    """The settings, with `over` (start arguments) over all else.

    Raises `SettingsError`, which names the key, and the line where it came from the file.
    """
    path = config_file()
    try:
        return Settings(**over)
    except ValidationError as error:
        problems = [_problem(path, each["loc"], each["msg"]) for each in error.errors()]
        raise SettingsError(
            "; ".join(problems) + ".", advice=f"Mend it in {path} or the environment."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}.", advice="Mend that line.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    except SettingsSourceError as error:
        raise SettingsError(f"An environment variable is not as it should be: {error}.") from None


def _problem(path: Path, key: tuple[int | str, ...], message: str) -> str:
    """One wrong setting in words: its dotted name, the line of its last part in the file, what is wrong."""
    dotted = ".".join(map(str, key))
    where = ""
    if path.exists() and key:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        word = re.compile(rf"^\s*\[?.*\b{re.escape(str(key[-1]))}\b")
        number = next((n for n, line in enumerate(lines, 1) if word.match(line)), None)
        where = f" (line {number} of {path.name})" if number else ""
    return f"Setting {dotted}{where}: {message}"


def with_editor(settings: Settings, options: object) -> tuple[Settings, tuple[str, ...]]:
    """`settings` with the editor's over them, and the dotted names of keys that were refused.

    `options` is untrusted. A value that does not fit is refused like a key that may not be set.
    """
    if not isinstance(options, Mapping):
        return settings, ()
    refused: list[str] = []
    update: dict[str, Any] = {}
    for room, values in options.items():
        allowed = EDITOR_MAY_SET.get(room)
        if allowed is None or not isinstance(values, Mapping):
            refused.append(str(room))
            continue
        current: BaseModel = getattr(settings, room)
        good: dict[str, Any] = current.model_dump()
        for key, value in values.items():
            if key not in allowed:
                refused.append(f"{room}.{key}")
                continue
            try:
                type(current).model_validate({**good, key: value})
            except ValueError:
                refused.append(f"{room}.{key}")
            else:
                good[key] = value
        update[room] = type(current).model_validate(good)
    return settings.model_copy(update=update), tuple(refused)


__all__ = [
    "APP",
    "EDITOR_MAY_SET",
    "Arm",
    "Cache",
    "Diagnostics",
    "Embedded",
    "Endpoint",
    "Feedback",
    "Learning",
    "OwnPrice",
    "Settings",
    "Suggest",
    "Tracing",
    "config_file",
    "read_settings",
    "with_editor",
]
