"""The services on Cloud Run: who reaches them, what they find, how they prove that they work."""

from typing import cast

import pytest

from automation.plan.inventory import Declared, Inventory
from components.validation.parse import parse
from providers.contract.diagnostics import InvalidConfiguration
from providers.gcp.compute.limits import compute_adjustments, compute_refusals
from tests.gcp.variants import deep, private, spec_of, staging
from tests.planning import production, revealed


def service(plan: Inventory, name: str) -> dict[str, object]:
    return dict(plan.one(f"prod-compute-{name}").inputs)


def container(plan: Inventory, name: str) -> dict[str, object]:
    return cast("dict[str, object]", deep(service(plan, name), "template", "containers", 0))


def variables(plan: Inventory, name: str) -> dict[str, object]:
    entries = cast("list[dict[str, object]]", container(plan, name)["envs"])
    return {cast("str", entry["name"]): entry.get("value", entry.get("valueSource")) for entry in entries}


def invokers(plan: Inventory) -> list[Declared]:
    return [
        grant for grant in plan.of_type("cloudrunv2:ServiceIamMember") if grant.inputs["role"] == "roles/run.invoker"
    ]


def test_a_service_with_a_port_is_a_service_and_one_without_a_worker_pool(prod: Inventory) -> None:
    assert {r.name for r in prod.of_type("cloudrunv2:Service")} == {"prod-compute-gateway", "prod-compute-chat"}
    assert {r.name for r in prod.of_type("cloudrunv2:WorkerPool")} == {"prod-compute-worker"}


def test_a_routed_service_is_reached_through_the_load_balancer_alone(prod: Inventory) -> None:
    gateway = service(prod, "gateway")
    assert gateway["ingress"] == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    assert gateway["defaultUriDisabled"] is True
    assert gateway["invokerIamDisabled"] is True


def test_a_called_service_keeps_its_address_and_stays_inside(prod: Inventory) -> None:
    chat = service(prod, "chat")
    assert chat["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    assert chat["defaultUriDisabled"] is False
    assert chat["invokerIamDisabled"] is False


def test_a_caller_finds_the_address_that_its_token_must_name(prod: Inventory) -> None:
    address = "https://prod-chat-111111111111.us-central1.run.app"
    assert variables(prod, "gateway")["CHAT_URL"] == address
    assert service(prod, "chat")["customAudiences"] == [address]


def test_only_the_services_that_call_may_invoke(prod: Inventory) -> None:
    (grant,) = invokers(prod)
    assert grant.name == "prod-compute-chat-called-by-gateway" and grant.inputs["name"] == "prod-chat"
    assert grant.inputs["member"] == "<serviceaccount:Account prod-identity-gateway>.member"


def test_a_service_that_nobody_reaches_has_no_address_and_no_caller() -> None:
    plan = private()
    assert service(plan, "chat")["defaultUriDisabled"] is True and "customAudiences" not in service(plan, "chat")
    assert not invokers(plan)


def test_each_service_runs_as_its_own_account(prod: Inventory) -> None:
    accounts = {deep(service(prod, name), "template", "serviceAccount") for name in ("gateway", "chat", "worker")}
    assert accounts == {
        f"<serviceaccount:Account prod-identity-{name}>.email" for name in ("gateway", "chat", "worker")
    }


@pytest.mark.parametrize("name", ["gateway", "chat", "worker"])
def test_everything_a_service_sends_goes_through_the_network(prod: Inventory, name: str) -> None:
    access = cast("dict[str, object]", deep(service(prod, name), "template", "vpcAccess"))
    assert access["egress"] == "ALL_TRAFFIC"
    assert deep(access, "networkInterfaces", 0, "tags") == [f"prod-{name}"]


def test_production_cannot_be_deleted_by_one_command(prod: Inventory) -> None:
    assert (
        service(prod, "gateway")["deletionProtection"] is True and service(prod, "worker")["deletionProtection"] is True
    )
    assert service(staging(), "gateway")["deletionProtection"] is False


def test_a_secret_is_read_by_a_pinned_version(prod: Inventory) -> None:
    reference = deep(variables(prod, "gateway")["OPENAI_API_KEY"], "secretKeyRef")
    assert deep(reference, "version") != "latest" and "SecretVersion" in cast("str", deep(reference, "version"))


def test_the_port_is_handed_over_by_cloud_run_and_not_as_a_variable(prod: Inventory) -> None:
    assert "PORT" not in variables(prod, "gateway")
    assert container(prod, "gateway")["ports"] == {"name": "http1", "containerPort": 7777}


def test_a_command_replaces_the_images_arguments_and_leaves_its_entry_point() -> None:
    chat = container(staging(), "chat")
    assert chat["args"] == ["uvicorn", "app:app"] and "commands" not in chat


def test_probes_ask_the_health_path_of_the_spec(prod: Inventory) -> None:
    gateway = container(prod, "gateway")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert deep(gateway, probe, "httpGet") == {"path": "/health", "port": 7777}
    assert deep(gateway, "readinessProbe", "failureThreshold") == 2
    assert deep(gateway, "livenessProbe", "failureThreshold") == 4


def test_a_worker_listens_to_nothing_and_is_asked_nothing(prod: Inventory) -> None:
    worker = container(prod, "worker")
    assert not {"ports", "startupProbe", "livenessProbe"} & set(worker)


def test_size_and_cpu_between_requests_are_stated(prod: Inventory) -> None:
    resources = container(prod, "gateway")["resources"]
    assert resources == {"limits": {"cpu": "1", "memory": "2048Mi"}, "cpuIdle": False, "startupCpuBoost": True}
    assert deep(container(staging(), "chat"), "resources", "cpuIdle") is True


def test_an_agent_works_on_after_it_has_answered() -> None:
    assert deep(container(staging(), "gateway"), "resources", "cpuIdle") is False


def test_a_stream_lasts_as_long_as_cloud_run_allows(prod: Inventory) -> None:
    assert deep(service(prod, "gateway"), "template", "timeout") == "3600s"


def test_copies_run_in_the_second_generation_under_the_data_key(prod: Inventory) -> None:
    template = cast("dict[str, object]", service(prod, "gateway")["template"])
    assert template["executionEnvironment"] == "EXECUTION_ENVIRONMENT_GEN2"
    assert template["encryptionKey"] == "<kms:CryptoKey prod-keys-data>.id"


def test_a_streamlit_session_stays_with_its_copy() -> None:
    assert deep(service(staging(), "ui"), "template", "sessionAffinity") is True
    assert deep(service(staging(), "chat"), "template", "sessionAffinity") is False


def test_metrics_are_carried_by_a_container_of_their_own(prod: Inventory) -> None:
    sidecar = cast("dict[str, object]", deep(service(prod, "chat"), "template", "containers", 1))
    assert sidecar["dependsOns"] == ["app"] and "cloud-run-gmp-sidecar" in cast("str", sidecar["image"])
    config = cast("str", revealed(prod.one("prod-compute-metrics-chat-value").inputs["secretData"]))
    assert '"port": 8001' in config and '"name": "prod-chat"' in config


def test_without_prometheus_there_is_one_container() -> None:
    assert len(cast("list[object]", deep(service(staging(), "chat"), "template", "containers"))) == 1


def test_a_service_waits_for_its_rights_and_secrets(prod: Inventory) -> None:
    waits = "\n".join(prod.one("prod-compute-gateway").depends_on)
    for kind in ("secretIamMember", "secretVersion", "iAMMember", "subnetwork"):
        assert kind in waits, kind


def test_a_variable_that_cloud_run_sets_is_refused() -> None:
    (refusal,) = compute_refusals(spec_of({"services.chat.environment": {"K_SERVICE": "x"}}), "prod")
    assert refusal.key == "services.chat.environment.K_SERVICE" and "sets this variable itself" in str(refusal)


def test_a_copy_has_room_for_the_container_that_carries_its_metrics() -> None:
    full: dict[str, object] = {"services.chat.size": {"vcpu": 8, "memory_gib": 16}}
    (refusal,) = compute_refusals(spec_of(full), "prod")
    assert refusal.key == "services.chat.size" and "monitoring.prometheus" in str(refusal)
    assert not compute_refusals(spec_of({**full, "monitoring.prometheus": False}), "prod")


def test_workers_that_show_no_metrics_are_told() -> None:
    told = {found.key: found for found in compute_adjustments(spec_of())}
    assert "nothing can be asked of worker" in told["monitoring.prometheus"].given


def test_all_bad_sizes_and_names_are_told_at_once() -> None:
    long = "a-service-with-a-name-that-is-far-too-long"[:40]
    changes: dict[str, object] = {
        "services.gateway.size": {"vcpu": 4, "memory_gib": 48},
        "services.chat.size": {"vcpu": 1, "memory_gib": 8},
        "services.worker.health": {"path": "/health"},
        f"services.{long}": {"app": "fastapi", "image": f"ghcr.io/acme/x@sha256:{'a' * 64}"},
    }
    with pytest.raises(InvalidConfiguration) as caught:
        parse(production(changes, cloud="gcp"), "prod")
    sentences = str(caught.value).splitlines()
    for path in ("services.gateway.size", "services.chat.size", "services.worker.health.path", f"services.{long}"):
        assert [sentence for sentence in sentences if sentence.startswith(f"{path}:")], path
