"""Task definitions: containers, environment, logs and roles."""

import json

import pytest

from automation.plan.inventory import Inventory, Secret
from tests.aws.plans import changed, private, staging
from tests.aws.readers import json_object, json_objects, strings, text
from tests.planning import plan as plan_of
from tests.planning import production

Container = dict[str, object]
SERVICES = ("gateway", "chat", "worker")


def containers(plan: Inventory, service: str) -> list[Container]:
    return json_objects(plan.one(f"prod-compute-{service}-task").inputs["containerDefinitions"])


def container(plan: Inventory, service: str) -> Container:
    return next(each for each in containers(plan, service) if each["name"] == service)


def pairs(listed: object, value: str) -> dict[str, str]:
    return {each["name"]: each[value] for each in json_objects(listed)}


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_runs_without_root_or_capabilities_on_a_read_only_file_system(prod: Inventory, name: str) -> None:
    for each in containers(prod, name):
        assert each["user"] == "10001:10001"
        assert each["readonlyRootFilesystem"] is True
        assert "privileged" not in each
        assert json_object(each["linuxParameters"])["capabilities"] == {"drop": ["ALL"]}


def test_the_temporary_directory_has_a_quarter_of_the_memory(prod: Inventory) -> None:
    (tmpfs,) = json_objects(json_object(container(prod, "chat")["linuxParameters"])["tmpfs"])
    assert (tmpfs["containerPath"], tmpfs["size"]) == ("/tmp", 512)  # noqa: S108 - a path in the container


def test_the_home_folder_is_the_writable_one(prod: Inventory) -> None:
    (tmpfs,) = json_objects(json_object(container(prod, "gateway")["linuxParameters"])["tmpfs"])
    assert pairs(container(prod, "gateway")["environment"], "value")["HOME"] == tmpfs["containerPath"]


@pytest.mark.parametrize(
    "given", [{"services.chat.environment": {"HOME": "/srv"}}, {"services.chat.secrets": ["HOME"]}]
)
def test_a_home_of_the_user_replaces_the_default(given: dict[str, object]) -> None:
    plain = pairs(container(changed(given), "chat")["environment"], "value")
    assert plain.get("HOME") == ("/srv" if "services.chat.environment" in given else None)


def test_a_task_runs_on_the_architecture_of_the_service() -> None:
    plan = changed({"services.chat.architecture": "arm64"})
    architectures = {
        name: json_object(plan.one(f"prod-compute-{name}-task").inputs["runtimePlatform"])["cpuArchitecture"]
        for name in SERVICES
    }
    assert architectures == {"gateway": "X86_64", "chat": "ARM64", "worker": "X86_64"}


def test_a_service_that_uses_models_knows_its_region_and_models(prod: Inventory) -> None:
    found = pairs(container(prod, "gateway")["environment"], "value")
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "us-west-2"
    assert found["MODELS"] == "us.anthropic.claude-sonnet-4-6"
    assert "AWS_REGION" not in pairs(container(prod, "chat")["environment"], "value")


def test_django_reads_a_url_without_a_driver_and_nobody_else_reads_it() -> None:
    plan = changed({"services.chat.app": "django"})
    urls = {name: pairs(container(plan, name)["secrets"], "valueFrom")["DATABASE_URL"] for name in ("gateway", "chat")}
    assert "prod-database-database-url>" in urls["gateway"]
    assert "prod-database-database-plain-url>" in urls["chat"]
    grants = [policy.name for policy in plan.of_type("iam:RolePolicy")]
    readers = {
        part: {name.rpartition("-")[2] for name in grants if f"-{part}-read-by-" in name}
        for part in ("database-url", "database-plain-url", "database-password")
    }
    assert readers == {
        "database-url": {"gateway", "worker"},
        "database-plain-url": {"chat"},
        "database-password": {"gateway", "chat", "worker"},
    }


def test_without_django_there_is_no_url_without_a_driver(prod: Inventory) -> None:
    assert not [secret for secret in prod.of_type("secretsmanager:Secret") if "plain-url" in secret.name]


PRIVATE_IMAGES: dict[str, object] = {
    "services.gateway.image_credentials": "GHCR_LOGIN",
    "services.chat.image": f"ghcr.io/acme/chat@sha256:{'6' * 64}",
    "services.chat.image_credentials": "GHCR_LOGIN",
}


def test_credentials_of_a_registry_are_one_secret_in_the_form_of_ecs() -> None:
    plan = plan_of(production(PRIVATE_IMAGES, cloud="aws"), secret="bot:s3:cret")
    secret = plan.one("prod-compute-registry-GHCR_LOGIN", "secretsmanager:Secret")
    assert secret.inputs["kmsKeyId"] == "<kms:Key prod-keys-data>.arn"
    value = plan.one("prod-compute-registry-GHCR_LOGIN-value").inputs["secretString"]
    assert value == Secret('{"username": "bot", "password": "s3:cret"}')


def test_a_private_image_is_pulled_with_the_credentials_of_its_registry() -> None:
    plan = changed(PRIVATE_IMAGES)
    credentials = {name: container(plan, name).get("repositoryCredentials") for name in SERVICES}
    reference = {"credentialsParameter": "<secretsmanager:Secret prod-compute-registry-GHCR_LOGIN>.arn"}
    assert credentials == {"gateway": reference, "chat": reference, "worker": None}
    assert "GHCR_LOGIN" not in pairs(container(plan, "gateway")["secrets"], "valueFrom")


def test_only_services_that_name_credentials_may_read_them_and_wait_for_them() -> None:
    plan = changed(PRIVATE_IMAGES)
    grants = [policy for policy in plan.of_type("iam:RolePolicy") if "registry-GHCR_LOGIN" in policy.name]
    assert {grant.inputs["role"] for grant in grants} == {
        f"<iam:Role prod-identity-{name}-execution>.name" for name in ("gateway", "chat")
    }
    awaited = set(plan.one("prod-compute-gateway", "ecs:Service").depends_on)
    assert {grant.urn for grant in grants if "gateway" in grant.name} <= awaited
    assert plan.one("prod-compute-registry-GHCR_LOGIN-value").urn in awaited


def test_a_service_without_metrics_has_no_collector() -> None:
    plan = changed({"services.chat.metrics": "none"})
    assert [each["name"] for each in containers(plan, "chat")] == ["chat"]
    assert not [grant for grant in plan.of_type("iam:RolePolicy") if grant.name == "prod-prometheus-chat-grant"]


def test_a_worker_with_a_metrics_port_has_a_collector() -> None:
    plan = changed({"services.worker.metrics": {"port": 9100}})
    collector = containers(plan, "worker")[1]
    config = pairs(collector["environment"], "value")["AOT_CONFIG_CONTENT"]
    assert '"localhost:9100"' in config


def test_an_init_process_reaps_orphaned_processes(prod: Inventory) -> None:
    assert json_object(container(prod, "worker")["linuxParameters"])["initProcessEnabled"] is True


def test_a_task_has_a_fargate_size(prod: Inventory) -> None:
    task = prod.one("prod-compute-gateway-task").inputs
    assert (task["cpu"], task["memory"]) == ("1024", "2048")
    assert task["runtimePlatform"] == {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}


def test_a_revision_is_kept_for_rollback(prod: Inventory) -> None:
    assert prod.one("prod-compute-gateway-task").inputs["skipDestroy"] is True


def test_execution_and_task_roles_are_different(prod: Inventory) -> None:
    task = prod.one("prod-compute-gateway-task").inputs
    assert task["executionRoleArn"] == "<iam:Role prod-identity-gateway-execution>.arn"
    assert task["taskRoleArn"] == "<iam:Role prod-identity-gateway-task>.arn"


def test_the_environment_is_sorted(prod: Inventory) -> None:
    for name in SERVICES:
        names = list(pairs(container(prod, name)["environment"], "value"))
        assert names == sorted(names)


def test_the_environment_has_the_port_and_the_urls_of_callees(prod: Inventory) -> None:
    found = pairs(container(prod, "gateway")["environment"], "value")
    assert found["PORT"] == "7777"
    assert found["CHAT_URL"] == "http://chat:8001"
    assert found["LOG_LEVEL"] == "info"


def test_a_secret_is_a_reference_to_one_version(prod: Inventory) -> None:
    found = pairs(container(prod, "gateway")["secrets"], "valueFrom")
    assert set(found) == {"DATABASE_URL", "OPENAI_API_KEY", "OS_SECURITY_KEY", "PGPASSWORD", "REDIS_URL"}
    for reference in found.values():
        arn, version = reference.split(":::")
        assert arn.startswith("<secretsmanager:Secret ") and version.endswith(".versionId")


def test_a_python_service_checks_itself_over_http(prod: Inventory) -> None:
    command = strings(json_object(container(prod, "gateway")["healthCheck"])["command"])
    assert command[:3] == ["CMD", "python", "-c"]
    assert "'http://127.0.0.1:7777/health'" in command[3]


def test_the_health_settings_of_the_spec_reach_the_container_check() -> None:
    check = json_object(container(staging(), "chat")["healthCheck"])
    assert [check[key] for key in ("interval", "timeout", "retries", "startPeriod")] == [40, 9, 4, 99]


def test_a_worker_runs_the_check_of_its_preset(prod: Inventory) -> None:
    command = strings(json_object(container(prod, "worker")["healthCheck"])["command"])
    assert command[0] == "CMD-SHELL" and "/proc/net/tcp" in command[1]


def test_a_command_of_the_spec_replaces_that_of_the_image() -> None:
    assert container(staging(), "chat")["command"] == ["uvicorn", "app:app"]
    assert "command" not in container(staging(), "gateway")


def test_a_container_has_the_longest_time_to_stop_that_fargate_offers(prod: Inventory) -> None:
    assert all(container(prod, name)["stopTimeout"] == 120 for name in SERVICES)


def test_a_full_log_buffer_does_not_block_a_service(prod: Inventory) -> None:
    for name in SERVICES:
        for each in containers(prod, name):
            log = json_object(each["logConfiguration"])["options"]
            assert log["mode"] == "non-blocking"
            assert log["awslogs-group"] == f"/agent-platform/prod/services/{name}"
            assert "awslogs-create-group" not in log


def test_logs_are_encrypted_and_kept_as_long_as_the_spec_says(prod: Inventory) -> None:
    for part in (*(f"{name}-log" for name in SERVICES), "insights"):
        group = prod.one(f"prod-compute-{part}").inputs
        assert group["retentionInDays"] == 365
        assert group["kmsKeyId"] == "<kms:Key prod-keys-telemetry>.arn"


def test_a_service_may_write_to_its_own_log_only(prod: Inventory) -> None:
    grant = prod.one("prod-compute-chat-log-grant").inputs
    (statement,) = json.loads(text(grant["policy"]))["Statement"]
    assert statement["Resource"] == "<cloudwatch:LogGroup prod-compute-chat-log>.arn:*"
    assert "prod-identity-chat-execution" in text(grant["role"])


def test_services_with_a_port_have_a_metrics_collector(prod: Inventory) -> None:
    assert [each["name"] for each in containers(prod, "gateway")] == ["gateway", "metrics_collector"]
    assert [each["name"] for each in containers(prod, "worker")] == ["worker"]
    assert [each["name"] for each in containers(staging(), "gateway")] == ["gateway"]


def test_a_service_continues_without_its_metrics_collector(prod: Inventory) -> None:
    _, collector = containers(prod, "gateway")
    assert collector["essential"] is False
    assert "@sha256:" in text(collector["image"])
    assert container(prod, "gateway")["dependsOn"] == [{"containerName": "metrics_collector", "condition": "START"}]


def test_a_service_named_collector_does_not_clash_with_the_sidecar() -> None:
    names = [each["name"] for each in containers(private(), "collector")]
    assert len(names) == len(set(names)) == 2
