"""The services: how many, how large, who they are, how they are asked whether they are well, what replaces them."""

from typing import cast

import pytest

from automation.plan.inventory import Inventory, Secret
from providers.docker.compute.health import probe_of
from providers.docker.compute.resources import HOME
from providers.docker.compute.sizes import cpus
from tests.docker.asked import spec_of
from tests.docker.laid import command, container, containers, uploads, variables
from tests.planning import DROP, SECRET


def probe(name: str, **changes: object) -> tuple[str, ...]:
    found = probe_of(spec_of({f"services.{name}.{key}": value for key, value in changes.items()}).services[name])
    return found.test if found else ()


def test_a_service_runs_its_least_number_of_copies(prod: Inventory) -> None:
    names = [found.name for found in containers(prod) if found.name.startswith("prod-compute-")]
    assert sorted(names) == sorted(
        [*(f"prod-compute-gateway-{n}" for n in (1, 2, 3)), *(f"prod-compute-chat-{n}" for n in (1, 2, 3)),
         *(f"prod-compute-worker-{n}" for n in (1, 2))]
    )  # fmt: skip


def test_copies_have_the_size_of_the_spec(prod: Inventory) -> None:
    inputs = container(prod, "compute-gateway-1").inputs
    assert (inputs["memory"], inputs["cpus"]) == (2048, "1.0")


def test_a_service_is_nobody_and_has_a_home_to_write_to(prod: Inventory) -> None:
    chat = container(prod, "compute-chat-1")
    assert (chat.inputs["user"], variables(chat)["HOME"]) == ("65532:65532", HOME)
    assert set(cast("dict[str, str]", chat.inputs["tmpfs"])) == {HOME}


def test_a_command_is_the_arguments_and_leaves_the_entry_point(prod: Inventory) -> None:
    worker = container(prod, "compute-worker-1")
    assert command(worker) == ["celery", "--app=app", "worker", "--loglevel=INFO"]
    assert "entrypoints" not in worker.inputs


def test_variables_name_what_a_service_uses_and_calls(prod: Inventory) -> None:
    told = variables(container(prod, "compute-gateway-1"))
    assert {"PORT": "7777", "CHAT_URL": "http://chat:8001", "LOG_LEVEL": "info"}.items() <= told.items()
    assert told["REDIS_URL"].startswith("rediss://:")


def test_a_secret_is_a_variable_of_its_readers_alone_and_marked(prod: Inventory) -> None:
    readers = {found.name for found in containers(prod) if variables(found).get("OPENAI_API_KEY") == SECRET}
    assert readers == {f"prod-compute-gateway-{n}" for n in (1, 2, 3)}
    shown = [
        text
        for text in cast("list[object]", container(prod, "compute-gateway-1").inputs["envs"])
        if not isinstance(text, Secret)
    ]
    assert SECRET not in str(shown)


def test_a_service_starts_after_its_role_in_the_database(prod: Inventory) -> None:
    assert container(prod, "database-roles").urn in container(prod, "compute-chat-1").depends_on


def test_a_new_copy_must_be_well_before_the_old_one_goes(prod: Inventory) -> None:
    chat = container(prod, "compute-chat-1")
    assert (chat.inputs["wait"], chat.inputs["waitTimeout"]) == (True, 60 + 30 * 3 + 30)
    assert not {"name", "ports"} & set(chat.inputs)
    assert "deleteBeforeReplace" not in chat.options


def test_a_check_has_the_specs_numbers(prod: Inventory) -> None:
    check = cast("dict[str, object]", container(prod, "compute-gateway-1").inputs["healthcheck"])
    numbers = {key: check[key] for key in ("interval", "timeout", "retries", "startPeriod")}
    assert numbers == {"interval": "30s", "timeout": "5s", "retries": 2, "startPeriod": "1m0s"}


def test_an_http_check_takes_the_first_tool_that_the_image_has() -> None:
    kind, script = probe("chat", health={"path": "/ready"})
    assert kind == "CMD-SHELL"
    assert [tool for tool in ("curl", "wget", "python3", "python)") if tool in script] == [
        "curl",
        "wget",
        "python3",
        "python)",
    ]
    assert "http://127.0.0.1:8001/ready" in script


def test_a_check_of_the_users_own_is_run_as_it_stands() -> None:
    assert probe("worker", health={"command": ["CMD", "ok"]}) == ("CMD", "ok")


@pytest.mark.parametrize(("port", "hexadecimal"), [(80, ":0050 "), (9000, ":2328 ")])
def test_without_a_path_the_port_is_looked_for_where_the_kernel_tells(port: int, hexadecimal: str) -> None:
    _, script = probe("chat", app="custom", port=port, health={})
    assert hexadecimal in script


def test_a_worker_without_a_check_is_not_asked() -> None:
    assert probe("worker", app="custom", health=DROP) == ()


def test_files_stand_where_they_are_named(prod: Inventory) -> None:
    assert [upload["file"] for upload in uploads(prod, "compute-worker-1")] == ["/etc/agent-platform/redis/ca.pem"]


@pytest.mark.parametrize(
    ("vcpu", "text"), [(0.25, "0.25"), (0.5, "0.5"), (1, "1.0"), (1.5, "1.5"), (2, "2.0"), (10, "10."), (16, "16.0")]
)
def test_a_number_of_cpus_is_written_as_the_provider_tells_it_back(vcpu: float, text: str) -> None:
    assert cpus(vcpu) == text
