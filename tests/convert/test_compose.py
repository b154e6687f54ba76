"""`convert compose`: services, stores, variables and what has no counterpart."""

from pathlib import Path

import pytest
import yaml

from automation.convert.compose import Compose, compose_file
from automation.convert.conversion import Conversion, SettingOutcome
from automation.stack.document import StackDocument
from providers.contract.diagnostics import InvalidConfiguration
from tests.convert.projects import COMPOSE, PASSWORD, outcomes, stack_of, write

ENV = "LOG_LEVEL=debug\n"


@pytest.fixture
def conversion(tmp_path: Path) -> Conversion:
    write(tmp_path, {"compose.yaml": COMPOSE, "worker.env": f"QUEUE=jobs\nWORKER_TOKEN={PASSWORD}\n", ".env": ENV})
    return Compose(compose_file(tmp_path), tmp_path).convert()


def test_services_are_those_that_are_no_store_proxy_or_tool(conversion: Conversion) -> None:
    assert {name: service["app"] for name, service in conversion.services.items()} == {
        "web": "fastapi", "tools": "custom", "worker": "celery", "page": "streamlit",
    }  # fmt: skip


def test_a_service_has_the_settings_of_its_container(conversion: Conversion) -> None:
    assert conversion.services["web"] == {
        "app": "fastapi",
        "build": {"context": "web", "dockerfile": "docker/web.Dockerfile"},
        "command": ["uvicorn", "main:app", "--port", "8000"],
        "port": 8000,
        "health": {"path": "/ready", "interval_seconds": 10, "timeout_seconds": 3, "unhealthy_threshold": 5},
        "size": {"vcpu": 0.5, "memory_gib": 0.5},
        "replicas": {"min": 2, "max": 2},
        "uses": ["database", "cache"],
        "calls": ["tools"],
        "environment": {"LOG_LEVEL": "debug", "DEBUG": "false"},
        "secrets": ["OPENAI_API_KEY", "STRIPE_KEY", "SESSION_KEY"],
        "path": "/",
    }


def test_published_services_have_paths_and_others_are_private(conversion: Conversion) -> None:
    assert {name: service.get("path") for name, service in conversion.services.items()} == {
        "web": "/", "page": "/page", "tools": None, "worker": None,
    }  # fmt: skip


def test_stores_become_managed_ones(conversion: Conversion, tmp_path: Path) -> None:
    assert conversion.sections == {"database": {"version": "16"}, "cache": {}}
    omitted = outcomes(stack_of(conversion, tmp_path, "docker"), SettingOutcome.OMITTED)
    assert omitted["services.db.ports"] == "public database: on the platform only services that use it connect"
    assert "Elasticsearch" in omitted["services.search"]
    assert "psql" in omitted["services.admin"] and "entry" in omitted["services.proxy"]


@pytest.mark.parametrize("cloud", ["docker", "aws"])
def test_the_stack_file_is_valid(conversion: Conversion, tmp_path: Path, cloud: str) -> None:
    stack = stack_of(conversion, tmp_path, cloud)
    assert stack.decisions == ()
    spec = StackDocument.parse(stack.text, tmp_path / "Pulumi.dev.yaml").stack("dev").spec
    assert spec.services["web"].uses == ("database", "cache")
    assert spec.services["web"].calls == ("tools",)


def test_no_value_of_a_secret_is_copied(conversion: Conversion, tmp_path: Path) -> None:
    stack = stack_of(conversion, tmp_path, "docker")
    text = stack.text + "".join(map(str, stack.notes))
    assert PASSWORD not in text and "sk_live" not in text
    assert "WORKER_TOKEN" in stack.secrets
    adjusted = outcomes(stack, SettingOutcome.ADJUSTED)
    assert adjusted["services.web.environment.STRIPE_KEY"].startswith("plain secret in compose.yaml")
    assert adjusted["services.web.environment.DB_PASSWORD"] == "the platform sets PGPASSWORD; let the program read it"


def test_every_setting_of_every_service_has_a_note(conversion: Conversion, tmp_path: Path) -> None:
    sources = {note.source for note in stack_of(conversion, tmp_path, "docker").notes}
    for key in (
        "volumes",
        "restart",
        "build.target",
        "build.args",
        "deploy.replicas",
        "depends_on.db",
        "command",
        "ports",
    ):
        assert f"services.web.{key}" in sources, key
    assert {"services.worker.privileged", "networks", "volumes", "services.worker.env_file worker.env.QUEUE"} <= sources


@pytest.mark.parametrize(
    ("port", "container_port"),
    [("8000", 8000), ("80:8000", 8000), ("127.0.0.1:80:8000/tcp", 8000), ("53:53/udp", None), ("3000-3005", None),
     ({"target": 9000, "published": "80"}, 9000), (8000, 8000), ("70000", None)],
)  # fmt: skip
def test_ports_are_those_of_the_container(tmp_path: Path, port: object, container_port: int | None) -> None:
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump({"services": {"a": {"image": "a/b:1", "ports": [port]}}}))
    service = Compose(tmp_path / "compose.yaml", tmp_path).convert().services["a"]
    assert service.get("port") == container_port


def test_the_port_of_a_built_service_is_that_of_its_dockerfile(tmp_path: Path) -> None:
    write(
        tmp_path, {"compose.yaml": "services: {a: {build: src}}", "src/Dockerfile": "FROM x\nEXPOSE 9000/tcp 53/udp\n"}
    )
    assert Compose(tmp_path / "compose.yaml", tmp_path).convert().services["a"]["port"] == 9000


BROKEN = {
    "no services": ("volumes: {}", "compose.yaml: no services. Name a Compose file, such as compose.yaml."),
    "only stores": (
        "services: {db: {image: postgres}}",
        "compose.yaml: no service of your own, only stores, proxies and tools. Name the file with the application.",
    ),
    "no mapping": ("- a", "compose.yaml: not a mapping. Write it as keys and values."),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused(tmp_path: Path, case: str) -> None:
    text, message = BROKEN[case]
    write(tmp_path, {"compose.yaml": text})
    with pytest.raises(InvalidConfiguration) as refused:
        Compose(compose_file(tmp_path), tmp_path).convert()
    assert str(refused.value) == message


def test_a_folder_without_a_compose_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="the folder has no Compose file"):
        compose_file(tmp_path)
    with pytest.raises(InvalidConfiguration, match="no such file"):
        compose_file(tmp_path / "other.yaml")
