"""A collector as a process of its own: takes OTLP over HTTP, decodes it, writes it down as JSON lines.

    python tests/support/collector.py FOLDER [STATUS [PORT [METRICS_STATUS]]]

The port goes to FOLDER/port, what comes in to FOLDER/spans.jsonl and FOLDER/metrics.jsonl. It answers with
STATUS, 200 unless told, on any free port.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def serve(folder: Path, status: int = 200, port: int = 0, metrics_status: int = 200) -> None:
    """Takes what comes until it is ended."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            if self.path == "/v1/traces":
                traces = ExportTraceServiceRequest()
                traces.ParseFromString(body)
                for resource in traces.resource_spans:
                    about = plain(resource.resource.attributes)
                    for scope in resource.scope_spans:
                        for span in scope.spans:
                            write(
                                "spans", {**to_values(span), "resource": about, "headers": dict(self.headers)}
                            )
            elif self.path == "/v1/metrics":
                metrics = ExportMetricsServiceRequest()
                metrics.ParseFromString(body)
                for resource_metrics in metrics.resource_metrics:
                    for scope_metrics in resource_metrics.scope_metrics:
                        for metric in scope_metrics.metrics:
                            write("metrics", MessageToDict(metric))
            self.send_response(metrics_status if self.path == "/v1/metrics" else status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    def write(name: str, value: object) -> None:
        with (folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(value) + "\n")

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    (folder / "port.new").write_text(str(server.server_port), encoding="utf-8")
    (folder / "port.new").rename(folder / "port")
    server.serve_forever()


def to_values(span: Any) -> dict[str, Any]:
    """A span as plain values, its attributes as a mapping."""
    return {
        "name": span.name,
        "trace": span.trace_id.hex(),
        "id": span.span_id.hex(),
        "parent": span.parent_span_id.hex(),
        "kind": span.kind,
        "start": span.start_time_unix_nano,
        "end": span.end_time_unix_nano,
        "status": span.status.code,
        "attributes": plain(span.attributes),
        "events": [{"name": one.name, "attributes": plain(one.attributes)} for one in span.events],
    }


def plain(attributes: Any) -> dict[str, Any]:
    """Protobuf's key-values as a mapping."""
    return {one.key: _value(one.value) for one in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None


@dataclass
class Collector:
    """A collector that runs, and what it has written down so far."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{(self.folder / 'port').read_text(encoding='utf-8')}"

    def lines(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / f"{name}.jsonl"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        return [json.loads(line) for line in text.splitlines() if line]

    @property
    def spans(self) -> list[dict[str, Any]]:
        return self.lines("spans")

    @property
    def metrics(self) -> dict[str, dict[str, Any]]:
        """Metrics by name, the last of each."""
        return {metric["name"]: metric for metric in self.lines("metrics")}


@contextmanager
def running(folder: Path, status: int = 200, port: int = 0, metrics_status: int = 200) -> Iterator[Collector]:
    """A collector for as long as it is needed."""
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder), *map(str, (status, port, metrics_status))]
    )
    try:
        while not (folder / "port").exists():
            assert process.poll() is None, "the collector ended"
            time.sleep(0.02)
        yield Collector(folder, process)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), *map(int, sys.argv[2:]))
