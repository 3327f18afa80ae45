"""Turns spans, scores and measurements into OpenTelemetry's and sends them by OTLP over HTTP.

The only file that knows OpenTelemetry's libraries, which the `tracing` extra brings. It has no thread of its
own, and the libraries get none either: what is gathered is exported where `send` is called.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import NonRecordingSpan as Elsewhere
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, set_span_in_context

from chiron import __version__
from chiron.config import Tracing
from chiron.records import Consulted
from chiron.tracing import names
from chiron.tracing.spans import Score, Span, call_attributes

#: Suggestions whose spans are remembered, so that a score joins the trace it belongs to.
_REMEMBERED = 4_000
_METRICS_EVERY_S, _MOST_REFUSED = 15.0, 3


class _Gathered(SpanProcessor):
    """Keeps spans that ended until they are taken."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)

    def taken(self) -> list[ReadableSpan]:
        spans, self.spans = self.spans, []
        return spans


class Sender:
    """Exporters for one collector. Used by one thread, but for `give_up`."""

    def __init__(self, settings: Tracing, headers: Mapping[str, str]) -> None:
        # They log every failure with its address, again and again; that is told once, by others.
        for name in ("opentelemetry", "urllib3"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        base = settings.endpoint.rstrip("/")
        resource = Resource({"service.name": "chiron", "service.version": __version__})
        self._gathered = _Gathered()
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(self._gathered)
        self._tracer = provider.get_tracer("chiron", __version__)
        self._reader = InMemoryMetricReader()
        views = [
            View(instrument_name=name, aggregation=ExplicitBucketHistogramAggregation(bounds))
            for name, bounds in (
                (names.DURATION_METRIC, names.DURATION_BOUNDS),
                (names.TOKENS_METRIC, names.TOKENS_BOUNDS),
            )
        ]
        self._meters = MeterProvider(
            metric_readers=[self._reader], resource=resource, views=views, shutdown_on_exit=False
        )
        meter = self._meters.get_meter("chiron", __version__)
        self._duration = meter.create_histogram(names.DURATION_METRIC, "s", "How long calls to models took.")
        self._tokens = meter.create_histogram(names.TOKENS_METRIC, "{token}", "Tokens read and written.")
        self._waited = meter.create_histogram("chiron.request.duration", "s", "How long suggestions took.")
        self._ended = meter.create_counter(
            "chiron.suggestion.score", "{suggestion}", "Suggestions by outcome."
        )
        self._next_metrics, self._n_refused = 0.0, 0
        self._spans_out = OTLPSpanExporter(
            endpoint=f"{base}/v1/traces", headers=dict(headers), timeout=settings.timeout_s
        )
        self._metrics_out = OTLPMetricExporter(
            endpoint=f"{base}/v1/metrics", headers=dict(headers), timeout=settings.timeout_s
        )
        self._known: OrderedDict[str, SpanContext] = OrderedDict()

    def measure(self, span: Span, consulted: Consulted | None) -> None:
        """Counts a request into the metrics."""
        scope = {"chiron.scope": span.attributes["chiron.scope"]}
        self._waited.record((span.end_ns - span.start_ns) / 1e9, scope)
        if consulted is None or consulted.from_cache:
            return
        about = call_attributes(consulted)
        for call in span.children:
            failed = {names.ERROR_TYPE: call.attributes[names.ERROR_TYPE]} if call.failed else {}
            self._duration.record((call.end_ns - call.start_ns) / 1e9, {**about, **failed})
        for kind, n in (("input", consulted.n_prompt_tokens), ("output", consulted.n_completion_tokens)):
            if n is not None:
                self._tokens.record(n, {**about, names.TOKEN_TYPE: kind})

    def send(self, items: Sequence[Span | Score], *, last: bool = False) -> bool:
        """Sends `items`, and the metrics where it is time or `last`; whether the collector took the spans."""
        for item in items:
            if isinstance(item, Span):
                self._begin(item)
            else:
                self._score(item)
        spans = self._gathered.taken()
        took = not spans or self._spans_out.export(spans) is SpanExportResult.SUCCESS
        if took and (last or time.monotonic() >= self._next_metrics):
            self._send_metrics()
        return took

    def _send_metrics(self) -> None:
        """Sends the metrics. Many collectors take spans alone: they are asked a few times, and no more."""
        self._next_metrics = time.monotonic() + _METRICS_EVERY_S
        data = self._reader.get_metrics_data()
        if self._n_refused >= _MOST_REFUSED or data is None or not data.resource_metrics:
            return
        took = self._metrics_out.export(data) is MetricExportResult.SUCCESS
        self._n_refused = 0 if took else self._n_refused + 1

    def give_up(self) -> None:
        """Ends what waits for a collector that does not answer."""
        self._spans_out.shutdown()  # type: ignore[no-untyped-call]  # their own omission
        self._metrics_out.shutdown()

    def close(self) -> None:
        self.give_up()
        self._meters.shutdown()

    def _begin(self, span: Span) -> None:
        root = self._tracer.start_span(
            span.name, attributes=dict(span.attributes), start_time=span.start_ns, kind=SpanKind.INTERNAL
        )
        inside = set_span_in_context(root)
        for child in span.children:
            made = self._tracer.start_span(
                child.name,
                context=inside,
                kind=SpanKind.CLIENT if child.is_client else SpanKind.INTERNAL,
                attributes=dict(child.attributes),
                start_time=child.start_ns,
            )
            if child.failed:
                made.set_status(Status(StatusCode.ERROR))
            made.end(child.end_ns)
        if span.failed:
            root.set_status(Status(StatusCode.ERROR))
        root.end(span.end_ns)
        ids = span.attributes.get("chiron.suggestion_ids", ())
        for one in ids if isinstance(ids, tuple) else ():
            self._known[one] = root.get_span_context()
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _score(self, score: Score) -> None:
        """A score comes after its span was sent, so it is a short span of its own, in the same trace."""
        about: dict[str, str | float] = {
            names.EVALUATION_NAME: score.name,
            names.SCORE_VALUE: score.value,
            names.SCORE_LABEL: score.label,
            names.RESPONSE_ID: score.suggestion_id,
        }
        known = self._known.get(score.suggestion_id)
        context = set_span_in_context(Elsewhere(known)) if known is not None else None
        made = self._tracer.start_span(
            f"evaluate {score.name}", context=context, attributes=about, start_time=score.at_ns
        )
        made.add_event(names.EVALUATION_EVENT, about, score.at_ns)
        made.end(score.at_ns)
        if score.name == "acceptance":
            self._ended.add(1, {names.EVALUATION_NAME: score.name, names.SCORE_LABEL: score.label})
