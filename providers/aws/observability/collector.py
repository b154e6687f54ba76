"""Configuration of the collector beside a service (AWS Distro for OpenTelemetry), from one pipeline for metrics and one for spans.

The collector receives spans on the loopback interface, which the containers of a task share, and writes them to X-Ray with the
task role. Its exporter `awsxray` needs nothing else in the account. The endpoint of X-Ray for OTLP would need Transaction Search,
which is one setting of a whole account and region: a stack that owns it would change the traces of every other stack there, and
delete the setting with itself. X-Ray keeps traces for 30 days and encrypts them with a key of AWS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from providers.contract.spans import HTTP_PORT, content_processor
from providers.contract.spec.operations import Tracing

Settings = Mapping[str, object]
"""Settings of the collector's components by name; values may be Outputs."""
WRITE_SPANS = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
"""Actions of the exporter; they support no resource-level permissions (Service Authorization Reference, "AWS X-Ray")."""
SPANS_MEMORY_MIB, SPANS_SPIKE_MIB = 160, 40
"""Memory above which the collector refuses spans, so that a burst does not stop it."""


@dataclass(frozen=True)
class CollectorPipeline:
    """Pipeline of the collector for one signal, `metrics` or `traces`, with the settings of its components."""

    name: str
    receivers: Settings
    processors: Settings
    exporters: Settings
    extensions: Settings = field(default_factory=dict[str, object])

    @property
    def document(self) -> dict[str, list[str]]:
        """The pipeline in the collector's `service.pipelines`."""
        return {
            "receivers": list(self.receivers),
            "processors": list(self.processors),
            "exporters": list(self.exporters),
        }


def spans_pipeline(region: str, tracing: Tracing) -> CollectorPipeline:
    """Pipeline from the service's SDK to X-Ray."""
    limiter = {"check_interval": "1s", "limit_mib": SPANS_MEMORY_MIB, "spike_limit_mib": SPANS_SPIKE_MIB}
    return CollectorPipeline(
        name="traces",
        receivers={"otlp": {"protocols": {"http": {"endpoint": f"localhost:{HTTP_PORT}"}}}},
        processors={"memory_limiter": limiter, **content_processor(tracing), "batch": {}},
        exporters={"awsxray": {"region": region}},
    )


def collector_config(pipelines: Sequence[CollectorPipeline]) -> pulumi.Output[str]:
    """Configuration of the collector of one task, as YAML in its JSON form (AOT_CONFIG_CONTENT)."""
    extensions = {name: settings for each in pipelines for name, settings in each.extensions.items()}
    service: dict[str, object] = {"pipelines": {each.name: each.document for each in pipelines}}
    return pulumi.Output.json_dumps(
        {
            **({"extensions": extensions} if extensions else {}),
            "receivers": {name: settings for each in pipelines for name, settings in each.receivers.items()},
            "processors": {name: settings for each in pipelines for name, settings in each.processors.items()},
            "exporters": {name: settings for each in pipelines for name, settings in each.exporters.items()},
            "service": {**({"extensions": list(extensions)} if extensions else {}), **service},
        }
    )
