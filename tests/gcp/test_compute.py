"""Cloud Run services and worker pools: access, variables, probes and limits."""

import json

import pytest

from automation.plan.inventory import Declared, Inventory
from providers.contract.diagnostics import Effect
from providers.contract.prometheus import scrape_endpoint
from providers.gcp.compute.limits import compute_adjustments, compute_refusals, has_sidecar, works_in_background
from providers.gcp.compute.metrics_sidecar import collector_config
from tests.gcp.plans import (
    error_keys,
    mapping_at,
    private,
    staging,
    text_at,
    unchecked_spec,
    value_at,
    values_at,
)
from tests.planning import revealed

PROMETHEUS = "monitoring.prometheus"


def service(plan: Inventory, name: str) -> dict[str, object]:
    return dict(plan.one(f"prod-compute-{name}").inputs)


def container(plan: Inventory, name: str) -> dict[str, object]:
    return mapping_at(service(plan, name), "template", "containers", 0)


def variables(plan: Inventory, name: str) -> dict[str, object]:
    entries = [mapping_at(entry) for entry in values_at(container(plan, name), "envs")]
    return {text_at(entry, "name"): entry.get("value", entry.get("valueSource")) for entry in entries}


def invokers(plan: Inventory) -> list[Declared]:
    return [
        grant for grant in plan.of_type("cloudrunv2:ServiceIamMember") if grant.inputs["role"] == "roles/run.invoker"
    ]


def test_a_service_with_a_port_is_a_service_and_one_without_a_worker_pool(prod: Inventory) -> None:
    assert {r.name for r in prod.of_type("cloudrunv2:Service")} == {"prod-compute-gateway", "prod-compute-chat"}
    assert {r.name for r in prod.of_type("cloudrunv2:WorkerPool")} == {"prod-compute-worker"}


def test_a_routed_service_is_reachable_only_through_the_load_balancer(prod: Inventory) -> None:
    gateway = service(prod, "gateway")
    assert gateway["ingress"] == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    assert gateway["defaultUriDisabled"] is True
    assert gateway["invokerIamDisabled"] is True


def test_a_called_service_has_an_address_and_is_internal(prod: Inventory) -> None:
    chat = service(prod, "chat")
    assert chat["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    assert chat["defaultUriDisabled"] is False
    assert chat["invokerIamDisabled"] is False


def test_a_caller_has_the_address_that_is_the_audience_of_its_token(prod: Inventory) -> None:
    address = "https://prod-chat-111111111111.us-central1.run.app"
    assert variables(prod, "gateway")["CHAT_URL"] == address
    assert service(prod, "chat")["customAudiences"] == [address]


def test_only_callers_may_invoke_a_service(prod: Inventory) -> None:
    (grant,) = invokers(prod)
    assert grant.name == "prod-compute-chat-called-by-gateway" and grant.inputs["name"] == "prod-chat"
    assert grant.inputs["member"] == "<serviceaccount:Account prod-identity-gateway>.member"


def test_a_service_without_path_and_callers_has_no_address() -> None:
    plan = private()
    assert service(plan, "chat")["defaultUriDisabled"] is True and "customAudiences" not in service(plan, "chat")
    assert not invokers(plan)


def test_each_service_runs_as_its_own_account(prod: Inventory) -> None:
    accounts = {value_at(service(prod, name), "template", "serviceAccount") for name in ("gateway", "chat", "worker")}
    assert accounts == {
        f"<serviceaccount:Account prod-identity-{name}>.email" for name in ("gateway", "chat", "worker")
    }


@pytest.mark.parametrize("name", ["gateway", "chat", "worker"])
def test_all_traffic_of_a_service_uses_the_network(prod: Inventory, name: str) -> None:
    access = mapping_at(service(prod, name), "template", "vpcAccess")
    assert access["egress"] == "ALL_TRAFFIC"
    assert value_at(access, "networkInterfaces", 0, "tags") == [f"prod-{name}"]


def test_production_protects_services_from_deletion(prod: Inventory) -> None:
    assert (
        service(prod, "gateway")["deletionProtection"] is True and service(prod, "worker")["deletionProtection"] is True
    )
    assert service(staging(), "gateway")["deletionProtection"] is False


def test_a_secret_has_a_pinned_version(prod: Inventory) -> None:
    version = text_at(variables(prod, "gateway")["OPENAI_API_KEY"], "secretKeyRef", "version")
    assert version != "latest" and "SecretVersion" in version


def test_the_port_is_set_by_cloud_run_and_not_as_a_variable(prod: Inventory) -> None:
    assert "PORT" not in variables(prod, "gateway")
    assert container(prod, "gateway")["ports"] == {"name": "http1", "containerPort": 7777}


def test_a_command_replaces_the_arguments_but_not_the_entry_point_of_the_image() -> None:
    chat = container(staging(), "chat")
    assert chat["args"] == ["uvicorn", "app:app"] and "commands" not in chat


def test_probes_request_the_health_path_of_the_spec(prod: Inventory) -> None:
    gateway = container(prod, "gateway")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert value_at(gateway, probe, "httpGet") == {"path": "/health", "port": 7777}
    assert value_at(gateway, "readinessProbe", "failureThreshold") == 2
    assert value_at(gateway, "livenessProbe", "failureThreshold") == 4


def test_a_worker_has_no_port_and_no_probes(prod: Inventory) -> None:
    worker = container(prod, "worker")
    assert not {"ports", "startupProbe", "livenessProbe"} & set(worker)


def test_size_and_cpu_between_requests_are_declared(prod: Inventory) -> None:
    resources = container(prod, "gateway")["resources"]
    assert resources == {"limits": {"cpu": "1", "memory": "2048Mi"}, "cpuIdle": False, "startupCpuBoost": True}
    assert value_at(container(staging(), "chat"), "resources", "cpuIdle") is True


def test_an_agent_has_cpu_after_the_response() -> None:
    assert value_at(container(staging(), "gateway"), "resources", "cpuIdle") is False


def test_a_stream_has_the_maximum_request_timeout(prod: Inventory) -> None:
    assert value_at(service(prod, "gateway"), "template", "timeout") == "3600s"


def test_replicas_use_the_second_generation_and_the_data_key(prod: Inventory) -> None:
    template = mapping_at(service(prod, "gateway"), "template")
    assert template["executionEnvironment"] == "EXECUTION_ENVIRONMENT_GEN2"
    assert template["encryptionKey"] == "<kms:CryptoKey prod-keys-data>.id"


def test_a_streamlit_session_stays_on_its_replica() -> None:
    assert value_at(service(staging(), "ui"), "template", "sessionAffinity") is True
    assert value_at(service(staging(), "chat"), "template", "sessionAffinity") is False


def test_a_sidecar_container_sends_the_metrics(prod: Inventory) -> None:
    sidecar = mapping_at(service(prod, "chat"), "template", "containers", 1)
    assert sidecar["dependsOns"] == ["app"] and "cloud-run-gmp-sidecar" in text_at(sidecar, "image")
    config = text_at(revealed(prod.one("prod-compute-metrics-chat-value").inputs["secretData"]))
    assert '"port": 8001' in config and '"name": "prod-chat"' in config


def test_without_prometheus_there_is_one_container() -> None:
    assert len(values_at(service(staging(), "chat"), "template", "containers")) == 1


def test_a_service_depends_on_its_grants_and_secrets(prod: Inventory) -> None:
    depends_on = "\n".join(prod.one("prod-compute-gateway").depends_on)
    for kind in ("secretIamMember", "secretVersion", "iAMMember", "subnetwork"):
        assert kind in depends_on, kind


def test_a_variable_that_cloud_run_sets_is_refused() -> None:
    (refusal,) = compute_refusals(unchecked_spec({"services.chat.environment": {"K_SERVICE": "x"}}), "prod")
    assert refusal.key == "services.chat.environment.K_SERVICE"
    assert (refusal.problem, refusal.fix) == ("Cloud Run sets the variable K_SERVICE", "use another name")


def test_a_size_that_leaves_no_capacity_for_the_sidecar_is_refused() -> None:
    full: dict[str, object] = {"services.chat.size": {"vcpu": 8, "memory_gib": 16}}
    (refusal,) = compute_refusals(unchecked_spec(full), "prod")
    assert refusal.key == "services.chat.size" and "the metrics sidecar" in refusal.problem
    assert "set monitoring.prometheus to false" in refusal.fix
    assert not compute_refusals(unchecked_spec({**full, "monitoring.prometheus": False}), "prod")


def test_workers_are_not_scraped() -> None:
    reasons = {each.effect: each.reason for each in compute_adjustments(unchecked_spec()) if each.key == PROMETHEUS}
    assert reasons[Effect.PARTIAL] == "worker is not scraped; a worker pool has no sidecar"


def test_the_size_of_the_sidecar_is_reported() -> None:
    reasons = {each.effect: each.reason for each in compute_adjustments(unchecked_spec()) if each.key == PROMETHEUS}
    assert reasons[Effect.ADJUSTED] == (
        "each replica of gateway and chat has a metrics sidecar of {vcpu: 1, memory_gib: 0.5}, the smallest size, which is "
        "billed like the replica: 6 vCPU at the minimum number of replicas. Set services.*.metrics to none for a service "
        "without metrics"
    )


def test_the_sidecar_scrapes_the_endpoint_of_the_key(prod: Inventory) -> None:
    spec = unchecked_spec({"services.chat.metrics": {"path": "/internal/metrics", "port": 9100}})
    endpoint = scrape_endpoint(spec.services["chat"])
    assert endpoint is not None
    document = json.loads(collector_config("prod-chat", endpoint))
    assert document["spec"]["endpoints"] == [{"port": 9100, "path": "/internal/metrics", "interval": "30s"}]


def test_a_service_without_metrics_has_no_sidecar_and_is_billed_for_requests() -> None:
    spec = unchecked_spec({"services.chat.metrics": "none"})
    assert not has_sidecar(spec, spec.services["chat"]) and not works_in_background(spec, spec.services["chat"])
    assert has_sidecar(spec, spec.services["gateway"])


@pytest.mark.parametrize(
    ("changes", "key", "reason"),
    [
        ({"monitoring.prometheus": False, "services.chat.metrics": {"path": "/m"}}, "chat", "only with monitoring"),
        ({"services.worker.metrics": {"port": 9808}}, "worker", "a worker pool has no sidecar"),
    ],
)
def test_metrics_that_nothing_collects_are_reported(changes: dict[str, object], key: str, reason: str) -> None:
    (adjustment,) = [
        each for each in compute_adjustments(unchecked_spec(changes)) if each.key == f"services.{key}.metrics"
    ]
    assert adjustment.effect == Effect.IGNORED and reason in adjustment.reason


def test_arm64_is_refused() -> None:
    (refusal,) = compute_refusals(unchecked_spec({"services.chat.architecture": "arm64"}), "prod")
    assert refusal.key == "services.chat.architecture"
    assert refusal.problem == "Cloud Run runs images for amd64 only"
    assert refusal.fix == "use amd64 and an image that is built for linux/amd64"


def test_users_of_models_have_the_variables_of_the_sdks(prod: Inventory) -> None:
    expected = {
        "GOOGLE_CLOUD_PROJECT": "acme-agents",
        "GOOGLE_CLOUD_LOCATION": "global",
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "ANTHROPIC_VERTEX_PROJECT_ID": "acme-agents",
        "CLOUD_ML_REGION": "global",
    }
    assert expected.items() <= variables(prod, "gateway").items()
    assert not expected.keys() & variables(prod, "chat").keys()


def test_users_of_the_database_have_the_password_by_reference(prod: Inventory) -> None:
    reference = mapping_at(variables(prod, "chat")["PGPASSWORD"], "secretKeyRef")
    version = "<secretmanager:SecretVersion prod-database-database-password-value>.version"
    assert reference == {"secret": "prod-database-password", "version": version}
    assert variables(prod, "chat")["PGUSER"] == "platform"


def test_all_invalid_sizes_and_names_are_reported_at_once() -> None:
    long = "a-service-with-a-name-that-is-far-too-long"[:40]
    changes: dict[str, object] = {
        "services.gateway.size": {"vcpu": 4, "memory_gib": 48},
        "services.chat.size": {"vcpu": 1, "memory_gib": 8},
        "services.worker.health": {"path": "/health"},
        f"services.{long}": {"app": "fastapi", "image": f"ghcr.io/acme/x@sha256:{'a' * 64}"},
    }
    expected = {"services.gateway.size", "services.chat.size", "services.worker.health.path", f"services.{long}"}
    assert expected <= set(error_keys(changes))
