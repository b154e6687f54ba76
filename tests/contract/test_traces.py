"""Traces on every cloud: variables of the services, receivers, permissions, retention and bad values."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from urllib.parse import parse_qs, urlsplit

import pytest

from automation.plan.inventory import Declared, Inventory
from components.validation.parse import parse, read
from providers import AVAILABLE
from providers import limits as limits_of
from providers.aws.observability.collector import spans_pipeline
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.results import Environment
from providers.contract.spans import CONTENT_ATTRIBUTES, DISABLED, without_spans
from providers.contract.spec import Platform
from providers.contract.spec.defaults import Raw
from providers.contract.spec.operations import Tracing
from providers.docker.network.flows import internal_network
from providers.docker.observability.tempo import tempo_document
from providers.gcp.compute.spans_sidecar import collector_config
from tests.costs import estimated, part
from tests.docker.plans import container, files, networks
from tests.planning import JOBS, plan, production, revealed

TRACED: Mapping[str, object] = {"monitoring.tracing": {"sample_percent": 20}}
RECEIVERS: Mapping[str, Mapping[str, str]] = {
    "aws": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
    "gcp": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
    "azure": {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    "docker": {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://spans.internal:4318",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    },
    "kubernetes": {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://traces:4318",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    },
}
SAME = {
    "OTEL_SERVICE_NAME": "chat",
    "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=prod",
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
    "OTEL_TRACES_SAMPLER_ARG": "0.2",
    "OTEL_PYTHON_EXCLUDED_URLS": "/health$,/metrics$",
    "OPENINFERENCE_HIDE_INPUTS": "true",
    "OPENINFERENCE_HIDE_OUTPUTS": "true",
}
RISK = {"accept_risk": {"monitoring.tracing.content": "a trial without users"}}


@cache
def traced(cloud: str) -> Inventory:
    return plan(production({**TRACED, "jobs": JOBS}, cloud=cloud))


def spec(cloud: str, changes: Mapping[str, object]) -> Platform:
    return readable(production({**TRACED, **changes}, cloud=cloud))


def readable(raw: Raw) -> Platform:
    spec, errors = read(raw)
    assert spec is not None, errors
    return spec


def texts(value: object) -> Iterator[object]:
    """Every nested value; JSON in strings is read too."""
    opened = revealed(value)
    yield opened
    if isinstance(opened, str) and opened[:1] in "[{":
        yield from texts(json.loads(opened))
    elif isinstance(opened, Mapping):
        for each in opened.values():
            yield from texts(each)
    elif isinstance(opened, (list, tuple)):
        for each in opened:
            yield from texts(each)


def variables(resource: Declared) -> dict[str, object]:
    """Variables of all containers of a resource, on every cloud."""
    found: dict[str, object] = {}
    for value in texts(resource.inputs):
        if isinstance(value, Mapping) and "name" in value and "value" in value:
            found[str(value["name"])] = value["value"]
        elif isinstance(value, str) and value.startswith(("OTEL_", "OPENINFERENCE_")) and "=" in value:
            name, _, text = value.partition("=")
            found[name] = text
    return found


def of(resource: Declared) -> dict[str, object]:
    return {name: value for name, value in variables(resource).items() if name.startswith(("OTEL_", "OPENINFERENCE_"))}


SERVICES = {
    "aws": "prod-compute-chat-task",
    "gcp": "prod-compute-chat",
    "azure": "prod-compute-chat",
    "docker": "prod-compute-chat-1",
    "kubernetes": "prod-compute-chat",
}
RUNS = {
    "aws": "prod-jobs-nightly-task",
    "gcp": "prod-jobs-nightly",
    "azure": "prod-jobs-nightly",
}


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_services_know_the_receiver_the_share_and_that_prompts_are_hidden(cloud: str) -> None:
    found = of(traced(cloud).one(SERVICES[cloud]))
    found.pop("OTELCOL_CONFIGURATION", None)
    assert found == {**SAME, **RECEIVERS[cloud]}


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_without_tracing_no_variable_and_no_resource_is_about_spans(cloud: str) -> None:
    bare = plan(production(cloud=cloud))
    assert not [each.name for each in bare.custom if "OTEL_" in str(revealed(each.inputs))]
    assert {each.name for each in bare.custom} < {each.name for each in traced(cloud).custom}


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_prompts_are_kept_only_where_the_risk_is_accepted(cloud: str) -> None:
    raw = production({"monitoring.tracing": {"content": True}}, cloud=cloud)
    with pytest.raises(InvalidConfiguration, match=r"monitoring\.tracing\.content: prompts and answers are kept"):
        parse(raw, "prod")
    accepted = production({"monitoring.tracing": {"content": True}}, cloud=cloud)
    accepted["accept_risk"] = {**dict(accepted.get("accept_risk") or {}), **RISK["accept_risk"]}  # type: ignore[arg-type]
    found = of(plan(accepted).one(SERVICES[cloud]))
    assert not [name for name in found if name.startswith("OPENINFERENCE_")]


@pytest.mark.parametrize("cloud", RUNS)
def test_runs_of_jobs_which_have_no_receiver_send_nothing(cloud: str) -> None:
    assert of(traced(cloud).one(RUNS[cloud]))[DISABLED] == "true"
    assert any("runs of jobs" in each.reason for each in limits_of(cloud).adjustments(spec(cloud, {"jobs": JOBS})))


def test_a_receiver_of_the_users_own_stays_in_use_in_jobs() -> None:
    own = {"OTEL_TRACES_SAMPLER": "always_on", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://otlp.example.com"}
    environment = Environment(plain=own, secrets={}, files={})
    assert without_spans(environment) is environment


def test_the_collector_on_aws_writes_with_two_actions_of_the_task_role() -> None:
    grant = json.loads(str(revealed(traced("aws").one("prod-compute-chat-span-grant").inputs["policy"])))
    actions = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    assert grant["Statement"] == [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
    endpoint = traced("aws").one("prod-network-xray")
    assert endpoint.inputs["serviceName"] == "com.amazonaws.us-west-2.xray"
    (config,) = [
        value
        for value in texts(traced("aws").one("prod-compute-chat-task").inputs)
        if isinstance(value, Mapping) and "receivers" in value and "service" in value
    ]
    assert config["service"]["pipelines"]["traces"] == {
        "receivers": ["otlp"],
        "processors": ["memory_limiter", "attributes/content", "batch"],
        "exporters": ["awsxray"],
    }
    assert set(config["service"]["pipelines"]) == {"metrics", "traces"}
    assert config["receivers"]["otlp"] == {"protocols": {"http": {"endpoint": "localhost:4318"}}}


def test_the_collector_on_google_cloud_writes_to_the_project() -> None:
    config = json.loads(collector_config("acme", Tracing()))
    assert config["exporters"] == {"googlecloud": {"project": "acme"}}
    assert config["receivers"]["otlp"] == {"protocols": {"http": {"endpoint": "localhost:4318"}}}
    names = [
        value["name"]
        for value in texts(traced("gcp").one("prod-compute-chat").inputs["template"])
        if isinstance(value, Mapping) and "image" in value
    ]
    assert names[-1] == "spans"
    assert of(traced("gcp").one("prod-compute-worker"))[DISABLED] == "true"


@pytest.mark.parametrize("content", [False, True])
def test_collectors_remove_the_arguments_of_tools_where_prompts_are_hidden(content: bool) -> None:
    tracing = Tracing(content=content)
    google = json.loads(collector_config("acme", tracing))
    deleting = {"actions": [{"key": key, "action": "delete"} for key in CONTENT_ATTRIBUTES]}
    for processors in (google["processors"], spans_pipeline("us-west-2", tracing).processors):
        assert processors.get("attributes/content") == (None if content else deleting)
    # each is used in the pipeline, before spans are sent in batches
    names = google["service"]["pipelines"]["traces"]["processors"]
    assert names == list(google["processors"]) and names[-1] == "batch"


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_cloud_without_a_collector_reports_that_arguments_of_tools_stay(cloud: str) -> None:
    def reported(content: bool) -> list[str]:
        requested = spec(cloud, {"monitoring.tracing": {"content": content}, **RISK})
        key = "monitoring.tracing.content"
        return [each.reason for each in limits_of(cloud).adjustments(requested) if each.key == key]

    assert reported(content=True) == []
    assert len(reported(content=False)) == (0 if cloud in ("aws", "gcp") else 1)


def test_azure_keeps_spans_in_the_workspace_for_their_own_time() -> None:
    tables = traced("azure").of_type("operationalinsights:Table")
    assert {str(each.inputs["tableName"]): each.inputs["retentionInDays"] for each in tables} == dict.fromkeys(
        ("AppDependencies", "AppExceptions", "AppRequests", "AppTraces"), 30
    )
    (environment,) = traced("azure").of_type("app:ManagedEnvironment")
    agent = revealed(environment.inputs["openTelemetryConfiguration"])
    assert agent == {"tracesConfiguration": {"destinations": ["appInsights"]}}


def test_tempo_answers_in_the_monitoring_network_only_and_is_reached_by_every_service() -> None:
    prod = traced("docker")
    attached = networks(container(prod, "monitoring-tempo"))
    services = readable(production(cloud="docker")).services
    assert len(attached) == 1 + len(services)
    for name in services:
        assert any(internal_network(name) in network for network in attached)
    config = json.loads(files(prod, "monitoring-tempo")["tempo.yml"])
    assert config["server"]["http_listen_address"] not in ("", "0.0.0.0")  # noqa: S104
    assert config == json.loads(tempo_document(Tracing(), config["server"]["http_listen_address"]))
    assert config["compactor"]["compaction"]["block_retention"] == "720h"


def test_a_latency_panel_leads_to_the_slow_traces_of_its_service() -> None:
    dashboard = json.loads(files(traced("docker"), "monitoring-grafana-dashboards-written")["platform.json"])
    linked = [panel for panel in dashboard["panels"] if panel.get("fieldConfig", {}).get("defaults", {}).get("links")]
    assert {panel["title"] for panel in linked} == {"Latency, 95th percentile"}
    (link,) = linked[0]["fieldConfig"]["defaults"]["links"]
    pane = json.loads(parse_qs(urlsplit(link["url"]).query)["panes"][0])["traces"]
    service = linked[0]["targets"][0]["legendFormat"]
    assert pane["queries"][0]["query"] == f'{{resource.service.name="{service}" && duration>=${{__value.raw}}s}}'
    assert pane["range"] == {"from": "${__from}", "to": "${__to}"}
    sources = json.loads(files(traced("docker"), "monitoring-grafana")["prometheus.yaml"])["datasources"]
    assert [source["uid"] for source in sources] == ["prometheus", "logs", pane["datasource"]]


@pytest.mark.parametrize(("cloud", "store"), [("aws", "X-Ray"), ("gcp", "Cloud Trace")])
def test_a_fixed_retention_is_reported_when_another_is_set(cloud: str, store: str) -> None:
    def reported(days: int) -> list[str]:
        requested = spec(cloud, {"monitoring.tracing": {"retention_days": days}})
        key = "monitoring.tracing.retention_days"
        return [each.reason for each in limits_of(cloud).adjustments(requested) if each.key == key]

    assert reported(30) == []
    assert reported(31) == [f"{store} keeps traces for 30 days, which no setting changes"]


BAD: Mapping[str, tuple[str, Mapping[str, object], str]] = {
    "no share": ("aws", {"monitoring.tracing": {"sample_percent": 0}}, "monitoring.tracing.sample_percent"),
    "more than all": ("aws", {"monitoring.tracing": {"sample_percent": 101}}, "monitoring.tracing.sample_percent"),
    "three days": ("azure", {"monitoring.tracing": {"retention_days": 3}}, "monitoring.tracing.retention_days"),
    "prompts by a variable": (
        "docker",
        {"services.chat.environment": {"OPENINFERENCE_HIDE_INPUTS": "false"}},
        "services.chat.environment.OPENINFERENCE_HIDE_INPUTS: OPENINFERENCE_HIDE_INPUTS decides whether spans have prompts",
    ),
}
REFUSED: Mapping[str, tuple[str, Mapping[str, object], str]] = {
    "the port of the collector on AWS": ("aws", {"services.chat.port": 4318}, "services.chat.port: 4318 is the port"),
    "the port of the collector for metrics": (
        "gcp",
        {"services.chat.metrics": {"port": 4318}},
        "services.chat.metrics.port: 4318 is the port",
    ),
    "no way to the image of the collector": (
        "aws",
        {"network.egress": "none", "monitoring.prometheus": False},
        "monitoring.tracing: the collector's image is on public.ecr.aws",
    ),
    "a replica without room for both sidecars": (
        "gcp",
        {"services.chat.size": {"vcpu": 8, "memory_gib": 16}},
        "services.chat.size: {vcpu: 8, memory_gib: 16} and the sidecars for metrics and spans, each",
    ),
}


@pytest.mark.parametrize(("cloud", "changes", "expected"), BAD.values(), ids=BAD)
def test_a_bad_value_is_refused(cloud: str, changes: Mapping[str, object], expected: str) -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        parse(production({**TRACED, **changes}, cloud=cloud), "prod")
    assert expected in str(raised.value)


@pytest.mark.parametrize(("cloud", "changes", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_a_cloud_cannot_do_is_refused(cloud: str, changes: Mapping[str, object], expected: str) -> None:
    found = limits_of(cloud).refusals(spec(cloud, changes), "prod")
    refusals = [f"{each.key}: {each.problem}" for each in found]
    assert [each for each in refusals if each.startswith(expected)], refusals


CHARGES: Mapping[str, tuple[str, str, float]] = {
    "aws": ("Compute", "recorded traces", 0.1),
    "gcp": ("Compute", "spans", 1),
    "azure": ("Environment", "spans", 1),
}


@pytest.mark.parametrize("cloud", CHARGES)
def test_the_estimate_has_what_traces_cost(cloud: str) -> None:
    component, what, quantity = CHARGES[cloud]
    assert part(estimated(cloud, TRACED), component, what) == (quantity, quantity)
    assert part(estimated(cloud), component, what) == (0, 0)


def test_a_collector_of_spans_alone_writes_no_samples() -> None:
    alone = estimated("aws", {**TRACED, "services.chat.metrics": "none"})
    assert part(alone, "Prometheus", "Prometheus samples") < part(
        estimated("aws", TRACED), "Prometheus", "Prometheus samples"
    )
