"""Diagnosis of failed images, networks and containers from the texts of the provider; secrets are masked."""

from collections.abc import Mapping

import pytest

from automation.plan.spec_keys import BASE
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from providers.contract.preflight import Diagnosis, FailedResource
from providers.contract.spec import Platform
from providers.docker.preflight.checks import HOST_CHECKS
from providers.docker.preflight.daemon import Daemon
from providers.docker.preflight.diagnosis import (
    CONTAINER,
    IMAGE,
    NETWORK,
    VOLUME,
    ContainerReport,
    key_of,
    last_lines,
    read_report,
    secret_values,
    state_of,
    text_of,
    unhealthy_diagnosis,
)

STACK = "trial"
NO_DAEMON = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
PULL = "Unable to read Docker image into resource: unable to pull image x: error pulling image x: Error response from daemon: "
UNHEALTHY = "sdk-v2/provider2.go:571: sdk.helper_schema: container failed to be in healthy state: provider=docker@5.2.0"


def spec(changes: Mapping[str, object] | None = None) -> Platform:
    return stack_of(STACK, {PLATFORM_KEY: with_values(BASE, {"cloud": "docker", **(changes or {})})}).spec


def diagnosis_of(name: str, kind: str, text: str) -> Diagnosis | None:
    return HOST_CHECKS.explain(spec(), STACK, FailedResource(f"{STACK}-{name}", kind, text), NO_DAEMON)


@pytest.mark.parametrize(
    ("error", "clause"),
    [
        ("manifest for acme/web:1.0 not found: manifest unknown: manifest unknown", "its registry does not have it"),
        (
            "pull access denied for acme/web, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            "its registry does not have it, or denies access to it",
        ),
        ('Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io: no such host', "its registry cannot be reached"),
        (
            'Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
            "its registry cannot be reached",
        ),
        ('Head "https://ghcr.io/v2/acme/web/manifests/1.0": unauthorized', "its registry requires a login"),
    ],
)
def test_an_image_that_cannot_be_pulled_is_reported_with_its_key(error: str, clause: str) -> None:
    diagnosis = diagnosis_of("registry-service-web", IMAGE, PULL + error)
    assert diagnosis is not None
    assert diagnosis.problem == f'services.web.image: "ghcr.io/acme/web:1.0" is not on this host, and {clause}'
    assert "correct services.web.image" in diagnosis.fix


def test_an_image_of_the_platform_is_reported_with_the_key_that_replaces_it() -> None:
    diagnosis = diagnosis_of("registry-role-prometheus", IMAGE, PULL + "manifest unknown")
    assert diagnosis is not None
    assert diagnosis.problem.startswith('docker.images.prometheus: "prom/prometheus:v')
    assert diagnosis.fix == "name another image in docker.images.prometheus"


def test_a_command_that_the_image_lacks_is_reported_with_dockers_error() -> None:
    text = (
        "sdk.helper_schema: Unable to start container: Error response from daemon: failed to create shim task: exec: "
        '"nosuch": executable file not found in $PATH: unknown: provider=docker@5.2.0\n1 error occurred:'
    )
    diagnosis = diagnosis_of("compute-web-1", CONTAINER, text)
    assert diagnosis is not None
    assert diagnosis.problem == (
        "services.web: Docker cannot start compute-web-1: failed to create shim task: exec: "
        '"nosuch": executable file not found in $PATH: unknown'
    )
    assert diagnosis.fix == "correct image and command of services.web, and run `up` again"


def test_a_port_that_came_into_use_during_the_update_is_reported() -> None:
    text = "Error response from daemon: driver failed: Bind for 0.0.0.0:8443 failed: port is already allocated"
    diagnosis = diagnosis_of("entry-proxy", CONTAINER, text)
    assert diagnosis is not None
    assert diagnosis.problem == "docker.entry_port: port 8443 was in use when entry-proxy was started"


def test_without_an_answer_from_docker_there_is_no_diagnosis() -> None:
    assert diagnosis_of("compute-web-1", CONTAINER, UNHEALTHY) is None


def test_other_resources_have_no_diagnosis() -> None:
    assert diagnosis_of("network-data", "docker:index/network:Network", "pool overlaps") is None


def test_a_service_that_exits_is_reported_with_its_code_and_log() -> None:
    report = ContainerReport(
        "trial-compute-web-1-1a2b3c4", "it ends with code 3 and was restarted 4 times", ("no such key",)
    )
    diagnosis = unhealthy_diagnosis("services.web", report)
    assert diagnosis.problem == (
        "services.web: trial-compute-web-1-1a2b3c4 did not become healthy: it ends with code 3 and was restarted 4 "
        'times; its log ends with "no such key"'
    )
    assert diagnosis.fix == "look at `docker logs trial-compute-web-1-1a2b3c4`, fix the cause and run `up` again"


def test_a_service_that_runs_and_is_unhealthy_is_reported_with_its_check() -> None:
    report = ContainerReport("web-1", "it runs", ("listening",), ("curl: (7) Failed to connect",))
    assert (
        'it runs; its health check reports "curl: (7) Failed to connect"'
        in unhealthy_diagnosis("services.web", report).problem
    )


def test_a_service_out_of_memory_is_reported_as_such() -> None:
    diagnosis = unhealthy_diagnosis(
        "services.web", ContainerReport("web-1", "it ends with code 137", out_of_memory=True)
    )
    assert "had too little memory" in diagnosis.problem
    assert "raise its size.memory_gib" in diagnosis.fix


def test_a_container_of_the_platform_can_report_its_own_diagnosis() -> None:
    own = 'database.version: "16" cannot open this volume, which PostgreSQL 15 wrote; set the version back, or restore.'
    diagnosis = unhealthy_diagnosis("database", ContainerReport("db-1", "it ends with code 1", ("starting", own)))
    assert diagnosis == Diagnosis(
        'database.version: "16" cannot open this volume, which PostgreSQL 15 wrote', "set the version back, or restore"
    )


def test_a_service_cannot_report_a_diagnosis_of_the_platform() -> None:
    own = "database.version: is wrong; delete everything."
    assert unhealthy_diagnosis("services.web", ContainerReport("web-1", "it runs", (own,))).problem.startswith(
        "services.web: "
    )


@pytest.mark.parametrize(
    ("part", "key"),
    [
        ("compute-web-12", "services.web"),
        ("database-server", "database"),
        ("entry-proxy", "ingress"),
        ("backup-courier", "database.backup"),
        ("monitoring-prometheus", "monitoring"),
    ],
)
def test_each_part_has_a_configuration_key(part: str, key: str) -> None:
    assert key_of(spec(), part) == key


def test_the_state_of_a_container_is_a_clause() -> None:
    assert state_of({"Running": True}, 0) == "it runs"
    assert (
        state_of({"Running": True, "Restarting": True, "ExitCode": 3}, 4)
        == "it ends with code 3 and was restarted 4 times"
    )


def test_a_log_is_read_from_the_stream_format_of_docker() -> None:
    stream = b"".join(
        bytes([channel, 0, 0, 0]) + len(text).to_bytes(4, "big") + text
        for channel, text in ((1, b"one\n"), (2, b"two and more\n"))
    )
    assert text_of(stream) == "one\ntwo and more\n"


def test_secrets_are_not_quoted() -> None:
    variables = {
        "API_KEY": "sk-very-secret",
        "DATABASE_URL": "postgresql+psycopg://web:p%40ssword@database:5432/agents",
        "CERTIFICATE": "first line\nsecond line",
        "LOG_LEVEL": "info",
    }
    secrets = tuple(secret_values(variables, ("LOG_LEVEL",)))
    text = "key sk-very-secret, password p@ssword, info\nredis://:hunter2@cache:6379\nsecond line\n"
    assert last_lines(text, secrets) == (
        "key [secret], password [secret], info",
        "redis://[secret]@cache:6379",
        "[secret]",
    )


def test_a_secret_is_masked_before_a_line_is_cut() -> None:
    secret = "s" * 60
    (line,) = last_lines(f"{'x' * 160} {secret} {'y' * 60}", (secret,))
    assert "sss" not in line


def test_a_block_that_overlaps_with_another_network_is_reported_with_its_key() -> None:
    text = "Unable to create network: Error response from daemon: Pool overlaps with other one on this address space"
    diagnosis = diagnosis_of("network-data", NETWORK, text)
    assert diagnosis is not None
    assert diagnosis.problem.startswith("network.cidr: 10.")
    assert "a separate block" in diagnosis.fix


@pytest.mark.parametrize(
    ("part", "kind", "text", "action"),
    [
        (
            "compute-web-1", CONTAINER,
            "Error response from daemon: mkdir /var/lib/docker/overlay2/x: no space left on device", "created",
        ),
        ("database-data", VOLUME, "Error response from daemon: create x: no space left on device", "created"),
        ("network-data", NETWORK, "Error response from daemon: write db: no space left on device", "created"),
        (
            "registry-service-web", IMAGE,
            "error pulling image: failed to register layer: write /usr/lib/x: no space left on device", "pulled",
        ),
    ],
)  # fmt: skip
def test_a_full_disk_of_the_host_is_no_error_of_the_service(part: str, kind: str, text: str, action: str) -> None:
    assert diagnosis_of(part, kind, text) == Diagnosis(
        f"the disk of the Docker host is full, so {part} could not be {action}",
        f"free space there, such as with `docker image prune`, and run `agent-platform up {STACK}` again, which continues",
    )


@pytest.mark.parametrize("kind", [IMAGE, CONTAINER, NETWORK, VOLUME])
@pytest.mark.parametrize(
    "text", ["Cannot connect to the Docker daemon at unix:///x.", "error during connect: Post x: EOF"]
)
def test_a_daemon_that_ended_is_no_error_of_the_resource(kind: str, text: str) -> None:
    assert diagnosis_of("registry-service-web", kind, f"Error: {text}") is None


def test_a_full_disk_of_the_state_is_none_of_the_host() -> None:
    text = "failed to save snapshot: write /state/.pulumi/stacks/x.json: no space left on device"
    assert diagnosis_of("network-data", NETWORK, text) is None


@pytest.mark.parametrize("reason", ["No such container: 197e4b92", "network 1a2b3c not found"])
def test_an_object_that_is_deleted_during_an_update_is_created_by_the_next_one(reason: str) -> None:
    diagnosis = diagnosis_of("compute-web-1", CONTAINER, f"Error response from daemon: {reason}")
    assert diagnosis == Diagnosis(
        f"compute-web-1 needs an object that was deleted during the update: {reason}",
        f"run `agent-platform up {STACK}` again, which creates what no longer exists",
    )


def test_variables_of_the_image_are_no_secrets_and_those_of_the_container_are() -> None:
    log = b'File "/srv/app.py", line 3: cannot open swordfish'
    stream = b"\x02\x00\x00\x00" + len(log).to_bytes(4, "big") + log
    variables = {"Env": ["PYTHONPATH=/srv", "APP_HOME=/srv/app.py", "TOKEN=swordfish"]}
    details = {"Image": "sha256:aa", "Config": variables, "State": {"ExitCode": 1}}
    answers = {
        "/containers/c1/json": details,
        "/images/sha256:aa/json": {"Config": {"Env": ["PYTHONPATH=/srv", "APP_HOME=/srv/app.py"]}},
    }

    class Answers(Daemon):
        def get_json(self, path: str) -> object:
            return answers.get(path)

        def get(self, path: str) -> bytes | None:
            return stream

    report = read_report(spec(), Answers("unix:///x"), {"Id": "c1", "Names": ["/c1"]}, "services.web")
    assert report.log_lines == ('File "/srv/app.py", line 3: cannot open [secret]',)
