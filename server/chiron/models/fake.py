"""A model that plays a script, for tests and demonstrations; also as a real endpoint on loopback.

A script is YAML (or JSON):

    model: scripted
    rules:
      - match: Install nginx          # a substring of the prompt; or `regex:`
        text: "\\n  ansible.builtin.package:\\n    name: nginx"
        delay_ms: 50
      - regex: "Copy .* config"
        texts: [first answer, second answer]
        times: 1                      # the rule is used up after that many calls
      - match: trouble
        fault: "500"                  # one of FAULTS
    default: ""                       # answer where no rule fits

The first rule that fits answers. `ScriptedModel` raises for a fault what the real client raises when
`python -m chiron.models.fake --script FILE` commits it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from chiron.errors import ModelError, ModelUnreachable, SettingsError
from chiron.models import faults
from chiron.records import Capabilities, ModelAnswer, ModelRequest

#: What a rule's `fault` may be, and what the endpoint then does.
FAULTS: Mapping[str, str] = {
    "html": "answers 200 with a web page",
    "garbage": "answers 200 with broken JSON",
    "half": "sends half an answer and closes the connection",
    "hang": "says nothing until the other side gives up",
    "401": "refuses the key",
    "404": "knows no such model",
    "429": "asks to wait",
    "500": "fails",
    "content_type": "sends the answer as an image",
    "10mb": "sends an answer of 10 MB",
    "unreachable": "closes the connection before it answers",
    "redirect": "redirects to another host",
    "slow": "sends one character every 100 ms",
}


class Rule(BaseModel):
    """One line of a script: when it fits and what is then answered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str | None = Field(None, description="Substring of the prompt.")
    regex: str | None = Field(None, description="Regular expression searched in the prompt.")
    texts: tuple[str, ...] = Field((), description="The answers, as many as were asked for at most.")
    delay_ms: float = Field(0.0, ge=0, le=600_000, description="Waits this long before answering.")
    fault: str | None = Field(None, description="One of FAULTS.")
    times: int | None = Field(None, ge=1, description="The rule is used up after that many calls.")
    n_prompt_tokens: int | None = Field(None, ge=0, description="Told as usage; counted in words if unset.")
    n_completion_tokens: int | None = Field(None, ge=0, description="As above.")
    retry_after_s: float | None = Field(None, ge=0, description="Told with fault 429 and 500.")

    @model_validator(mode="before")
    @classmethod
    def _one_text(cls, given: Any) -> Any:
        """`text: x` is short for `texts: [x]`, and `fault: 500` for `fault: "500"`."""
        if isinstance(given, dict):
            given = dict(given)
            if "text" in given:
                given["texts"] = (given.pop("text"),)
            if isinstance(given.get("fault"), int):
                given["fault"] = str(given["fault"])
        return given

    @field_validator("fault")
    @classmethod
    def _known_fault(cls, fault: str | None) -> str | None:
        if fault is not None and fault not in FAULTS:
            raise ValueError(f"is none of {', '.join(FAULTS)}")
        return fault

    @field_validator("regex")
    @classmethod
    def _good_regex(cls, regex: str | None) -> str | None:
        try:
            re.compile(regex or "")
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return regex

    def fits(self, prompt: str) -> bool:
        """Whether this rule answers `prompt`; one without `match` and `regex` always does."""
        if self.match is not None and self.match not in prompt:
            return False
        return self.regex is None or re.search(self.regex, prompt) is not None


class Script(BaseModel):
    """A model's name and what it answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = "scripted"
    rules: tuple[Rule, ...] = ()
    default: str = ""
    #: What the endpoint can do; a demonstration of a chat-only endpoint sets `completions: false`.
    completions: bool = True
    chat: bool = True
    api_key: str | None = Field(None, description="The endpoint demands this key.")


def read_script(path: Path) -> Script:
    """The script at `path`. Raises `SettingsError` that names the file and the place."""
    try:
        return Script.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise SettingsError(f"The script {path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"The script {path} is no YAML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise SettingsError(f"The script {path} is wrong at {place}: {first['msg']}.") from None


class Player:
    """Plays one script; counts what was asked. Thread safe."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._lock = threading.Lock()
        self._uses = [0] * len(script.rules)

    def next_rule(self, prompt: str) -> Rule:
        """The rule that answers `prompt` now."""
        with self._lock:
            for place, rule in enumerate(self.script.rules):
                if rule.fits(prompt) and (rule.times is None or self._uses[place] < rule.times):
                    self._uses[place] += 1
                    return rule
        return Rule(texts=(self.script.default,))


class ScriptedModel:
    """Plays a script in place of a model. `calls` holds its requests, `n_cancelled` counts cancelled ones."""

    def __init__(
        self, script: Script | Sequence[Rule] = (), *, name: str | None = None, leaves_machine: bool = False
    ) -> None:
        self._script = script if isinstance(script, Script) else Script(rules=tuple(script))
        self._player = Player(self._script)
        self._name = name or self._script.model
        self._leaves_machine = leaves_machine
        self.calls: list[ModelRequest] = []
        self.n_cancelled = 0

    @classmethod
    def from_file(cls, path: Path) -> ScriptedModel:
        """The model that plays the script at `path`. Raises `SettingsError`."""
        return cls(read_script(path))

    @property
    def name(self) -> str:
        return self._name

    @property
    def endpoint(self) -> str:
        return "fake:"

    @property
    def weights(self) -> str:
        return ""

    @property
    def leaves_machine(self) -> bool:
        return self._leaves_machine

    @property
    def n_calls(self) -> int:
        return len(self.calls)

    async def capabilities(self) -> Capabilities:
        return Capabilities(completions=self._script.completions, chat=self._script.chat)

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelAnswer:
        """Answers as the script says, or raises the `ModelError` of its fault."""
        self.calls.append(request)
        rule = self._player.next_rule(request.prompt)
        try:
            # A turn of the loop even without delay, as every real model takes one.
            await asyncio.sleep(3600 if rule.fault == "hang" else rule.delay_ms / 1000)
        except asyncio.CancelledError:
            self.n_cancelled += 1
            raise
        if rule.fault not in (None, "slow"):
            raise fault_error(str(rule.fault), rule, self._name)
        texts = answer_texts(rule, request.stop, request.n)
        if on_text is not None:
            for end in range(7, len(texts[0]) + 7, 7):
                on_text(texts[0][:end])
        return ModelAnswer(
            texts=texts,
            model=self._name,
            n_prompt_tokens=prompt_tokens(rule, request.prompt),
            n_completion_tokens=completion_tokens(rule, texts),
        )

    async def close(self) -> None:
        """Nothing is open."""


def fault_error(fault: str, rule: Rule, name: str) -> ModelError:
    """The error that the real client raises where an endpoint commits `fault`."""
    where = faults.Whereabouts(name, "fake:", "api_key_env", True, "Change the script.")
    if fault.isdigit():
        headers = {} if rule.retry_after_s is None else {"retry-after": str(rule.retry_after_s)}
        return faults.from_status(int(fault), b"", headers, where)
    if fault == "redirect":
        return faults.from_status(302, b"", {}, where)
    if fault in ("unreachable", "half"):
        return ModelUnreachable(f"The connection to {name} broke.", advice=where.start_advice)
    what = {"html": "HTML", "content_type": "content of type image/png", "10mb": "more than 2 MB"}
    return faults.garbled(where, what.get(fault, "broken JSON"))


def answer_texts(rule: Rule, stop: Sequence[str], n: int) -> tuple[str, ...]:
    """The rule's answers, each ended before the first stop word, as endpoints do."""
    texts = (rule.texts or ("",))[: max(1, n)]
    return tuple(_before_stop(text, stop) for text in texts)


def prompt_tokens(rule: Rule, prompt: str) -> int:
    return len(prompt.split()) if rule.n_prompt_tokens is None else rule.n_prompt_tokens


def completion_tokens(rule: Rule, texts: Sequence[str]) -> int:
    if rule.n_completion_tokens is not None:
        return rule.n_completion_tokens
    return sum(len(text.split()) for text in texts)


def _before_stop(text: str, stop: Sequence[str]) -> str:
    ends = [place for word in stop if word and (place := text.find(word)) >= 0]
    return text[: min(ends)] if ends else text


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves a script on loopback until it is interrupted or whoever started it ends.

    Prints `{"base_url": …}` once it listens.
    """
    from chiron.models.fake_server import ScriptedServer

    parser = argparse.ArgumentParser(prog="python -m chiron.models.fake", description=main.__doc__)
    parser.add_argument("--script", type=Path, required=True, help="YAML or JSON file")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; a free one by default")
    options = parser.parse_args(arguments)
    try:
        script = read_script(options.script)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with ScriptedServer(script, port=options.port) as server:
        sys.stdout.write(json.dumps({"base_url": server.base_url}) + "\n")
        sys.stdout.flush()
        parent = os.getppid()
        stop = threading.Event()
        # A process started in the background has SIGINT ignored from its birth, and this undoes it.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        # A test that is killed cannot stop it.
        while os.getppid() == parent and not stop.wait(0.5):
            pass
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
