"""Spans of a web service with OpenTelemetry, where the platform receives them (`monitoring.tracing`).

The SDK reads the name of the service, the share of requests and the receiver from the variables that the platform sets. A trace
continues in the services that are called with httpx. Without the variables, nothing is loaded.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastapi import FastAPI

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
AZURE_ENDPOINT = "CONTAINERAPP_OTEL_TRACING_GRPC_ENDPOINT"
"""Set by Container Apps in any case; the path in it is not part of an address of gRPC."""
TOOL_ARGUMENTS = "tool.parameters"
"""Attribute of OpenInference with the arguments of a tool."""


def is_traced(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether spans have a receiver."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return "OTEL_SERVICE_NAME" in environment and bool(receiver(environment)) and not disabled


def receiver(environment: Mapping[str, str]) -> str:
    """Return the address that takes spans; empty without one."""
    azure = urlsplit(environment.get(AZURE_ENDPOINT, ""))
    return environment.get(ENDPOINT, "") or (f"{azure.scheme}://{azure.netloc}" if azure.netloc else "")


def trace_requests(app: FastAPI) -> None:
    """Send spans of the requests that a service answers, and of those that it sends."""
    if not is_traced():
        return
    from opentelemetry import trace
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_exporter(os.environ)))
    trace.set_tracer_provider(provider)
    # an answer that streams would have a span for each part
    FastAPIInstrumentor.instrument_app(app, exclude_spans=["receive", "send"])
    HTTPXClientInstrumentor().instrument()


def trace_agents() -> None:
    """Send spans of the runs, model calls and tool calls of Agno; they have prompts unless two variables hide them.

    The variables leave the arguments of tools, which repeat parts of a prompt; they are left out with the prompts.
    """
    if not is_traced():
        return
    from openinference.instrumentation import TraceConfig
    from openinference.instrumentation.agno import AgnoInstrumentor

    class WithoutArguments(TraceConfig):
        def mask(self, key: str, *arguments: Any, **options: Any) -> Any:  # any value of an attribute
            hidden = self.hide_inputs and key.startswith(TOOL_ARGUMENTS)
            return None if hidden else super().mask(key, *arguments, **options)

    AgnoInstrumentor().instrument(config=WithoutArguments())


def _exporter(environment: Mapping[str, str]) -> "SpanExporter":
    if environment.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter

        return GrpcExporter(endpoint=receiver(environment))
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter

    return HttpExporter()
