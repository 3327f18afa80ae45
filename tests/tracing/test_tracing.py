"""Spans, metrics and scores, as a collector process takes them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chiron.config import EDITOR_MAY_SET, Settings, Tracing, with_editor
from chiron.errors import ChironError
from chiron.records import (
    Answer,
    Consulted,
    Event,
    EventKind,
    Evidence,
    Origin,
    Place,
    Position,
    Range,
    Request,
    Source,
    Suggestion,
    Trigger,
    Withheld,
)
from chiron.suggest.place import request_at
from chiron.syntax.document import Document
from chiron.tracing.tracer import Tracer
from support.collector import Collector, running

NAME = "- name: Log in to the registry"
SECRET = "hunter2hunter2x"
CONSULTED = Consulted(
    model="some-model",
    endpoint="https://llm.example.org/v1",
    prompt_version="task_body-4-chat",
    sent="The file: password: __CHIRON_SECRET_1__",
    from_cache=False,
    leaves_machine=True,
    n_prompt_tokens=300,
    n_completion_tokens=40,
    cost_usd=0.002,
)
Collect = Callable[..., Collector]


@pytest.fixture
def collect(tmp_path: Path) -> Iterator[Collect]:
    """Starts a collector process."""
    with ExitStack() as stack:
        yield lambda **over: stack.enter_context(running(tmp_path / "collector", **over))


def request() -> Request:
    uri = "file:///home/somebody/site/tasks/main.yml"
    made = request_at(
        Document(uri, NAME, 1),
        Position(0, len(NAME)),
        Place(uri, "/home/somebody/site/tasks/main.yml", 1),
        origin=Origin.EDITOR,
        trigger=Trigger.AUTOMATIC,
    )
    assert made is not None
    return made


def answer(**over: Any) -> Answer:
    text = f"\n  community.docker.docker_login:\n    password: {SECRET}"
    at = Range(Position(0, len(NAME)), Position(0, len(NAME)))
    suggestion = Suggestion(
        "s1", text, at, Source.MODEL, "community.docker.docker_login", "some-model", 0.6, ()
    )
    made = Answer(
        id="r1",
        suggestions=(suggestion,),
        withheld=(Withheld("invalid", "No such option."),),
        stage_ms={
            "context": 10.0,
            "recall": 5.0,
            "prompt": 1.0,
            "model": 400.0,
            "guardrails": 4.0,
            "repair": 80.0,
        },
        consulted=CONSULTED,
        secrets={"__CHIRON_SECRET_1__": SECRET},
    )
    return replace(made, **over)


def event(kind: EventKind, **data: Any) -> Event:
    return Event("s1", kind, Evidence.OBSERVED, int(time.time() * 1000), data)


def trouble_of(tracer: Tracer) -> str:
    return str(tracer.trouble or "")


def told(collector: Collector, *items: Answer | Event, **over: Any) -> list[dict[str, Any]]:
    """The spans that a collector has after it was told of `items`."""
    tracer = Tracer(Tracing(enabled=True, endpoint=collector.endpoint, **over), {"H": "x-key=k1, x-team=web"})
    for item in items:
        if isinstance(item, Answer):
            tracer.answered(request(), item)
        else:
            tracer.happened(item)
    assert tracer.flush()
    assert tracer.trouble is None
    tracer.close()
    return collector.spans


def test_a_request_is_a_span_with_the_models_call_inside_it(collect: Collect) -> None:
    call, root = told(collect(), answer())
    assert (root["name"], root["parent"]) == ("suggest task_body", "")
    assert root["resource"]["service.name"] == "chiron"
    assert root["attributes"]["chiron.withheld"] == ["invalid"]
    assert root["attributes"]["chiron.module"] == "community.docker.docker_login"
    assert (call["name"], call["parent"], call["kind"]) == ("chat some-model", root["id"], 3)
    assert {key: value for key, value in call["attributes"].items() if not key.startswith("chiron.")} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "llm.example.org",
        "gen_ai.request.model": "some-model",
        "gen_ai.response.model": "some-model",
        "gen_ai.prompt.name": "task_body-4-chat",
        "gen_ai.usage.input_tokens": 300,
        "gen_ai.usage.output_tokens": 40,
        "server.address": "llm.example.org",
        "server.port": 443,
    }
    assert root["end"] - root["start"] == 500_000_000
    assert (call["start"] - root["start"], call["end"] - call["start"]) == (16_000_000, 480_000_000)


def test_names_of_the_conventions_are_those_of_the_conventions() -> None:
    """Against the constants that OpenTelemetry's own package generates from them."""
    from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
    from opentelemetry.semconv._incubating.metrics import gen_ai_metrics

    from chiron.tracing import names

    modules = (gen_ai_attributes, gen_ai_metrics)
    known = {value for one in modules for value in vars(one).values() if isinstance(value, str)}
    used = {value for value in vars(names).values() if isinstance(value, str) and value.startswith("gen_ai.")}
    # The event has no constant there yet; its attributes have.
    assert used - known == {names.EVALUATION_EVENT}
    assert set(gen_ai_attributes.GenAiOperationNameValues.__members__) >= {"CHAT", "TEXT_COMPLETION"}


def test_acceptance_and_what_was_kept_are_scores_in_the_same_trace(collect: Collect) -> None:
    spans = told(
        collect(),
        answer(),
        event(EventKind.ACCEPTED),
        event(EventKind.KEPT_AT, ratio=0.75, at="5m"),
        event(EventKind.LABELLED, label="wrong_value"),
        event(EventKind.EXPIRED, outcome="not_seen"),
        event(EventKind.TYPED_THROUGH),
    )
    root = next(span for span in spans if span["name"].startswith("suggest"))
    scores = [span for span in spans if span["name"].startswith("evaluate")]
    assert {span["trace"] for span in scores} == {root["trace"]}
    assert {span["parent"] for span in scores} == {root["id"]}
    found = [(one["name"], one["attributes"]) for span in scores for one in span["events"]]
    assert [name for name, _ in found] == ["gen_ai.evaluation.result"] * 3
    assert [
        (a["gen_ai.evaluation.name"], a["gen_ai.evaluation.score.value"], a["gen_ai.evaluation.score.label"])
        for _, a in found
    ] == [("acceptance", 1.0, "accepted"), ("kept_ratio", 0.75, "5m"), ("verdict", 0.0, "wrong_value")]
    assert {a["gen_ai.response.id"] for _, a in found} == {"s1"}


def test_metrics_carry_the_conventions_names_units_and_bounds(collect: Collect) -> None:
    collector = collect()
    told(
        collector, answer(), answer(consulted=replace(CONSULTED, from_cache=True)), event(EventKind.REJECTED)
    )
    metrics = collector.metrics
    duration, tokens = metrics["gen_ai.client.operation.duration"], metrics["gen_ai.client.token.usage"]
    assert (duration["unit"], tokens["unit"]) == ("s", "{token}")
    (point,) = duration["histogram"]["dataPoints"]
    assert (point["count"], point["sum"]) == ("1", 0.48)
    assert (point["explicitBounds"][0], len(point["explicitBounds"])) == (0.01, 14)
    assert [one["sum"] for one in tokens["histogram"]["dataPoints"]] == [300.0, 40.0]
    assert metrics["chiron.request.duration"]["histogram"]["dataPoints"][0]["count"] == "2"
    assert metrics["chiron.suggestion.score"]["sum"]["dataPoints"][0]["asInt"] == "1"


def test_no_text_is_told_unless_asked(collect: Collect) -> None:
    collector = collect()
    told(collector, answer())
    kept = (collector.folder / "spans.jsonl").read_text(encoding="utf-8")
    for words in (SECRET, "registry", "The file", "password", "somebody", "main.yml"):
        assert words not in kept


def test_texts_that_are_asked_for_are_redacted(collect: Collect) -> None:
    collector = collect()
    call, _ = told(collector, answer(), texts=True)
    read = json.loads(call["attributes"]["gen_ai.input.messages"])
    written = json.loads(call["attributes"]["gen_ai.output.messages"])
    assert read[0]["parts"][0]["content"] == CONSULTED.sent
    assert "password: __CHIRON_SECRET_1__" in written[0]["parts"][0]["content"]
    assert SECRET not in (collector.folder / "spans.jsonl").read_text(encoding="utf-8")


def test_an_answer_from_memory_is_no_call_and_a_failed_one_is_an_error(collect: Collect) -> None:
    cached = answer(consulted=replace(CONSULTED, from_cache=True), stage_ms={"context": 1.0})
    failed = answer(consulted=None, suggestions=(), trouble="It did not answer.", stage_ms={"model": 9.0})
    spans = told(collect(), cached, failed)
    assert [span["name"] for span in spans] == ["suggest task_body", "text_completion", "suggest task_body"]
    assert spans[0]["attributes"]["chiron.cache_hit"] is True
    assert (spans[1]["status"], spans[1]["attributes"]["error.type"]) == (2, "model-trouble")
    assert "did not answer" not in json.dumps(spans)


def test_headers_come_from_a_variable_that_the_settings_name(collect: Collect) -> None:
    _, root = told(collect(), answer(), headers_env="H")
    assert (root["headers"]["x-key"], root["headers"]["x-team"]) == ("k1", "web")
    with pytest.raises(ChironError, match="OTHER holds no headers"):
        Tracer(Tracing(enabled=True, headers_env="OTHER"), {})


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_collector_that_refuses_is_one_trouble_and_nothing_raises(collect: Collect, status: int) -> None:
    collector = collect(status=status)
    tracer = Tracer(Tracing(enabled=True, endpoint=collector.endpoint, timeout_s=1), {})
    for _ in range(3):
        tracer.answered(request(), answer())
        assert tracer.flush()
    assert "takes no spans" in str(tracer.trouble)
    assert tracer.n_dropped == 3
    tracer.close()


def test_a_collector_that_takes_spans_alone_is_no_trouble(collect: Collect) -> None:
    """So do Phoenix and Langfuse."""
    collector = collect(metrics_status=404)
    for _ in range(3):
        told(collector, answer())
    assert len(collector.spans) == 6


def test_what_is_wrong_is_over_when_the_collector_is_back(tmp_path: Path) -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        free = place.getsockname()[1]
    endpoint = f"http://somebody:pw@127.0.0.1:{free}"
    tracer = Tracer(Tracing(enabled=True, endpoint=endpoint, timeout_s=0.5), {}, linger_s=0.0)
    tracer.answered(request(), answer())
    assert tracer.flush()
    assert tracer.flush(), "to have had nothing to send is no news"
    assert "takes no spans" in trouble_of(tracer)
    assert "pw" not in trouble_of(tracer)
    with running(tmp_path / "collector", port=free) as collector:
        # On a busy machine an attempt may come to an end before the collector has answered.
        for _ in range(20):
            tracer.answered(request(), answer())
            assert tracer.flush()
            if not trouble_of(tracer):
                break
        assert trouble_of(tracer) == ""
        assert len(collector.spans) >= 2
    tracer.close()


def test_telling_waits_for_nothing_though_nobody_takes_it() -> None:
    """A collector that accepts the connection and then says nothing holds up its thread, and nobody else."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        tracer = Tracer(Tracing(enabled=True, endpoint=endpoint, timeout_s=30), {}, linger_s=0.0)
        for _ in range(3_000):
            tracer.happened(event(EventKind.ACCEPTED))
        # Three thousand were told while none was taken: more than wait are dropped and counted.
        assert tracer.n_dropped >= 500
        tracer.close(timeout_s=0.2)


def test_a_workspace_can_neither_turn_it_on_nor_say_where_to() -> None:
    assert "tracing" not in EDITOR_MAY_SET
    asked = {"tracing": {"enabled": True, "endpoint": "http://evil.example.org", "texts": True}}
    settings, refused = with_editor(Settings(), asked)
    assert settings.tracing == Tracing()
    assert not settings.tracing.enabled
    assert refused == ("tracing",)
