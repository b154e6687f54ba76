"""Containers of the services: replicas, sizes, variables, health checks and replacement."""

import pytest

from automation.plan.inventory import Inventory, Secret
from providers.docker.compute.health import service_probe
from providers.docker.compute.resources import HOME
from providers.docker.compute.sizes import cpus
from providers.docker.preflight.daemon import fields, values
from tests.docker.plans import command, container, containers, uploads, variables
from tests.docker.specs import spec_of
from tests.planning import DROP, SECRET


def probe_test(name: str, **changes: object) -> tuple[str, ...]:
    spec = spec_of({f"services.{name}.{key}": value for key, value in changes.items()})
    probe = service_probe(spec.services[name])
    return probe.test if probe else ()


def test_a_service_runs_its_minimum_number_of_replicas(prod: Inventory) -> None:
    names = {found.name for found in containers(prod) if found.name.startswith("prod-compute-")}
    assert names == {
        *(f"prod-compute-gateway-{number}" for number in (1, 2, 3)),
        *(f"prod-compute-chat-{number}" for number in (1, 2, 3)),
        *(f"prod-compute-worker-{number}" for number in (1, 2)),
    }


def test_replicas_have_the_size_of_the_spec(prod: Inventory) -> None:
    inputs = container(prod, "compute-gateway-1").inputs
    assert (inputs["memory"], inputs["cpus"]) == (2048, "1.0")


def test_a_service_is_unprivileged_and_has_a_writable_home(prod: Inventory) -> None:
    chat = container(prod, "compute-chat-1")
    assert (chat.inputs["user"], variables(chat)["HOME"]) == ("65532:65532", HOME)
    assert set(fields(chat.inputs["tmpfs"])) == {HOME}


def test_a_command_sets_the_arguments_and_keeps_the_entry_point(prod: Inventory) -> None:
    worker = container(prod, "compute-worker-1")
    assert command(worker) == ["celery", "--app=app", "worker", "--loglevel=INFO"]
    assert "entrypoints" not in worker.inputs


def test_variables_name_what_a_service_uses_and_calls(prod: Inventory) -> None:
    environment = variables(container(prod, "compute-gateway-1"))
    assert {"PORT": "7777", "CHAT_URL": "http://chat:8001", "LOG_LEVEL": "info"}.items() <= environment.items()
    assert environment["REDIS_URL"].startswith("rediss://:")


def test_a_secret_is_a_secret_variable_of_its_readers_only(prod: Inventory) -> None:
    readers = {found.name for found in containers(prod) if variables(found).get("OPENAI_API_KEY") == SECRET}
    assert readers == {f"prod-compute-gateway-{number}" for number in (1, 2, 3)}
    plain = [
        text for text in values(container(prod, "compute-gateway-1").inputs["envs"]) if not isinstance(text, Secret)
    ]
    assert plain
    assert SECRET not in str(plain)


def test_a_service_starts_after_its_database_role_exists(prod: Inventory) -> None:
    assert container(prod, "database-roles").urn in container(prod, "compute-chat-1").depends_on


def test_a_new_replica_must_be_healthy_before_the_old_one_is_deleted(prod: Inventory) -> None:
    chat = container(prod, "compute-chat-1")
    assert (chat.inputs["wait"], chat.inputs["waitTimeout"]) == (True, 60 + 30 * 3 + 30)
    assert not {"name", "ports"} & set(chat.inputs)
    assert "deleteBeforeReplace" not in chat.options


def test_a_health_check_has_the_numbers_of_the_spec(prod: Inventory) -> None:
    check = fields(container(prod, "compute-gateway-1").inputs["healthcheck"])
    numbers = {key: check[key] for key in ("interval", "timeout", "retries", "startPeriod")}
    assert numbers == {"interval": "30s", "timeout": "5s", "retries": 2, "startPeriod": "1m0s"}


def test_an_http_check_uses_the_first_tool_that_the_image_has() -> None:
    kind, script = probe_test("chat", health={"path": "/ready"})
    assert kind == "CMD-SHELL"
    positions = [script.index(tool) for tool in ("curl", "wget", "python3", "python)")]
    assert positions == sorted(positions)
    assert "http://127.0.0.1:8001/ready" in script


def test_a_command_of_the_spec_is_the_health_check() -> None:
    assert probe_test("worker", health={"command": ["CMD", "ok"]}) == ("CMD", "ok")


@pytest.mark.parametrize(("port", "hexadecimal"), [(80, ":0050 "), (9000, ":2328 ")])
def test_a_check_without_a_path_reads_the_listening_sockets_of_the_kernel(port: int, hexadecimal: str) -> None:
    _, script = probe_test("chat", app="custom", port=port, health={})
    assert hexadecimal in script


def test_a_worker_without_a_check_has_no_probe() -> None:
    assert probe_test("worker", app="custom", health=DROP) == ()


def test_files_of_a_service_have_their_documented_path(prod: Inventory) -> None:
    assert [upload["file"] for upload in uploads(prod, "compute-worker-1")] == ["/etc/agent-platform/redis/ca.pem"]


@pytest.mark.parametrize(
    ("vcpu", "text"), [(0.25, "0.25"), (0.5, "0.5"), (1, "1.0"), (1.5, "1.5"), (2, "2.0"), (10, "10."), (16, "16.0")]
)
def test_a_number_of_cpus_has_the_format_that_the_provider_returns(vcpu: float, text: str) -> None:
    assert cpus(vcpu) == text
