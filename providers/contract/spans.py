"""Variables by which an OpenTelemetry SDK sends the spans of a service, the same on every cloud. Pure.

The platform sets them with `monitoring.tracing`; spans come from the application, which must be instrumented
(docs/observability.md). A cloud adds where spans are received (`Cloud.span_receiver`). Metrics and logs of OpenTelemetry are off,
because the receivers take spans only. Instrumentations of OpenInference, such as that of Agno, put prompts and answers into
spans unless two variables hide them (measured with openinference-instrumentation-agno 1.0.15).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.prometheus import metrics_path
from providers.contract.spec import Platform, Service
from providers.contract.spec.operations import Tracing

if TYPE_CHECKING:  # the rules of a stack file read names of variables here, without an SDK
    import pulumi

    from providers.contract.results import Environment

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
HTTP_PORT = 4318
"""Port of OTLP over HTTP: OpenTelemetry specification, "OTLP/HTTP"."""
SIDECAR_ENDPOINT = f"http://localhost:{HTTP_PORT}"
"""Address of a collector beside the service, where the containers of a replica share one network."""
OVER_HTTP = "http/protobuf"
HIDE_PROMPTS = ("OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS")
"""Variables that leave prompts and answers out of spans; counts of tokens stay (openinference-instrumentation 0.1.72)."""
CONTENT_ATTRIBUTES = ("tool.parameters", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result")
"""Attributes of spans that may repeat a prompt and that the variables leave: OpenInference keeps the arguments of tools (measured with
openinference-instrumentation 0.1.72), and the conventions of OpenTelemetry for GenAI have arguments and results."""
DISABLED = "OTEL_SDK_DISABLED"


def sent_over_http(endpoint: str) -> dict[str, pulumi.Input[str]]:
    """Return the variables of a receiver that takes OTLP over HTTP."""
    return {ENDPOINT: endpoint, PROTOCOL: OVER_HTTP}


def span_variables(
    tracing: Tracing, stack: str, name: str, service: Service, receiver: Mapping[str, pulumi.Input[str]]
) -> dict[str, pulumi.Input[str]]:
    """Return the variables of the service `name`; `receiver` are those of the cloud."""
    hidden = {} if tracing.content else dict.fromkeys(HIDE_PROMPTS, "true")
    return {
        "OTEL_SERVICE_NAME": name,
        "OTEL_RESOURCE_ATTRIBUTES": f"deployment.environment.name={stack}",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": f"{tracing.sample_percent / 100:g}",
        "OTEL_PYTHON_EXCLUDED_URLS": ",".join(_excluded_urls(service)),
        **receiver,
        **hidden,
    }


def content_processor(tracing: Tracing) -> dict[str, object]:
    """Return the processor of a collector that removes the attributes with content; none where content is kept."""
    actions = [{"key": key, "action": "delete"} for key in CONTENT_ATTRIBUTES]
    return {} if tracing.content else {"attributes/content": {"actions": actions}}


def unprocessed_content(spec: Platform) -> Iterator[Adjustment]:
    """Report the arguments of tools on a cloud without a collector of the platform."""
    tracing = spec.monitoring.tracing
    if tracing is not None and not tracing.content:
        reason = (
            "no collector is between the services and the store: prompts and answers are hidden by variables, and the arguments of "
            f"tools ({CONTENT_ATTRIBUTES[0]} of OpenInference) by the application only, as examples/agent_os/shared/tracing.py does"
        )
        yield Adjustment("monitoring.tracing.content", requested=False, effect=Effect.PARTIAL, reason=reason)


def _excluded_urls(service: Service) -> list[str]:
    """Patterns of the platform's own requests, which would be most of the traces of a quiet service."""
    return [f"{re.escape(path)}$" for path in dict.fromkeys((service.health.path, metrics_path(service))) if path]


def without_spans(environment: Environment) -> Environment:
    """Return the environment of a container that no collector accompanies; an endpoint that the user sets stays in use."""
    plain = environment.plain
    platforms_own = plain.get(ENDPOINT, SIDECAR_ENDPOINT) == SIDECAR_ENDPOINT
    if "OTEL_TRACES_SAMPLER" not in plain or DISABLED in plain or not platforms_own:
        return environment
    return replace(environment, plain={**plain, DISABLED: "true"})
