"""Why an image or a container could not be made, each from the text that the provider gave, and nothing secret told."""

from collections.abc import Mapping

import pytest

from automation.plan.spec_keys import BASE
from automation.stack.document import stack_of
from automation.stack.keys import with_values
from components.configuration import PLATFORM_KEY
from providers.contract.preflight import Diagnosis, FailedResource
from providers.contract.spec import Platform
from providers.docker.preflight.checks import HOST_CHECKS
from providers.docker.preflight.diagnosis import (
    CONTAINER,
    IMAGE,
    NETWORK,
    ProviderMessage,
    key_of,
    last_lines,
    secret_values,
    state_of,
    text_of,
    unhealthy_why,
)

STACK = "trial"
NOWHERE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
PULL = "Unable to read Docker image into resource: unable to pull image x: error pulling image x: Error response from daemon: "
UNHEALTHY = "sdk-v2/provider2.go:571: sdk.helper_schema: container failed to be in healthy state: provider=docker@5.2.0"


def spec(changes: Mapping[str, object] | None = None) -> Platform:
    return stack_of(STACK, {PLATFORM_KEY: with_values(BASE, {"cloud": "docker", **(changes or {})})}).spec


def why(name: str, kind: str, text: str) -> Diagnosis | None:
    return HOST_CHECKS.explain(spec(), STACK, FailedResource(f"{STACK}-{name}", kind, text), NOWHERE)


@pytest.mark.parametrize(
    ("said", "clause"),
    [
        ("manifest for acme/web:1.0 not found: manifest unknown: manifest unknown", "its registry does not have it"),
        (
            "pull access denied for acme/web, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            "its registry does not have it, or shows it to its owners alone",
        ),
        ('Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io: no such host', "its registry cannot be reached"),
        (
            'Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
            "its registry cannot be reached",
        ),
        ('Head "https://ghcr.io/v2/acme/web/manifests/1.0": unauthorized', "its registry gives it to nobody unknown"),
    ],
)
def test_an_image_that_cannot_be_had_is_told_by_its_key(said: str, clause: str) -> None:
    found = why("registry-service-web", IMAGE, PULL + said)
    assert found is not None
    assert found.sentence == f'services.web.image: "ghcr.io/acme/web:1.0" is not on this machine, and {clause}'
    assert "correct services.web.image" in found.advice


def test_an_image_of_a_role_is_told_by_the_key_that_replaces_it() -> None:
    found = why("registry-role-prometheus", IMAGE, PULL + "manifest unknown")
    assert found is not None
    assert found.sentence.startswith('docker.images.prometheus: "prom/prometheus:v')
    assert found.advice == "name another image in docker.images.prometheus"


def test_a_command_that_the_image_lacks_is_told_in_dockers_words() -> None:
    text = (
        "sdk.helper_schema: Unable to start container: Error response from daemon: failed to create shim task: exec: "
        '"nosuch": executable file not found in $PATH: unknown: provider=docker@5.2.0\n1 error occurred:'
    )
    found = why("compute-web-1", CONTAINER, text)
    assert found is not None
    assert found.sentence == (
        "services.web: Docker cannot start compute-web-1: failed to create shim task: exec: "
        '"nosuch": executable file not found in $PATH: unknown'
    )
    assert found.advice == "correct image and command of services.web, and run `up` again"


def test_a_port_that_was_taken_in_between_is_told() -> None:
    text = "Error response from daemon: driver failed: Bind for 0.0.0.0:8443 failed: port is already allocated"
    found = why("entry-proxy", CONTAINER, text)
    assert found is not None
    assert found.sentence == "docker.entry_port: port 8443 was taken when entry-proxy should listen on it"


def test_where_docker_does_not_answer_the_providers_words_stay() -> None:
    assert why("compute-web-1", CONTAINER, UNHEALTHY) is None


def test_other_resources_are_left_to_the_provider() -> None:
    assert why("network-data", "docker:index/network:Network", "pool overlaps") is None


def test_a_service_that_ends_is_told_with_its_code_and_its_last_words() -> None:
    said = ProviderMessage(
        "trial-compute-web-1-1a2b3c4", "it ends with code 3 and was started again 4 times", ("no such key",)
    )
    found = unhealthy_why("services.web", said)
    assert found.sentence == (
        "services.web: trial-compute-web-1-1a2b3c4 did not become healthy: it ends with code 3 and was started again 4 "
        'times; its log ends with "no such key"'
    )
    assert found.advice == "look at `docker logs trial-compute-web-1-1a2b3c4`, mend the cause and run `up` again"


def test_a_service_that_runs_and_is_not_well_is_told_by_its_check() -> None:
    said = ProviderMessage("web-1", "it runs", ("listening",), ("curl: (7) Failed to connect",))
    assert (
        'it runs; its health check says "curl: (7) Failed to connect"' in unhealthy_why("services.web", said).sentence
    )


def test_a_service_that_was_starved_is_told_so() -> None:
    found = unhealthy_why("services.web", ProviderMessage("web-1", "it ends with code 137", starved=True))
    assert "had too little memory" in found.sentence
    assert "raise its size.memory_gib" in found.advice


def test_a_part_that_says_itself_what_is_wrong_is_told_in_its_words() -> None:
    own = 'database.version: "16" cannot open this volume, which PostgreSQL 15 wrote; set the version back, or restore.'
    found = unhealthy_why("database", ProviderMessage("db-1", "it ends with code 1", ("starting", own)))
    assert found == Diagnosis(
        'database.version: "16" cannot open this volume, which PostgreSQL 15 wrote', "set the version back, or restore"
    )


def test_a_service_cannot_speak_for_the_platform() -> None:
    own = "database.version: is wrong; delete everything."
    assert unhealthy_why("services.web", ProviderMessage("web-1", "it runs", (own,))).sentence.startswith(
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
def test_each_part_has_the_key_that_asks_for_it(part: str, key: str) -> None:
    assert key_of(spec(), part) == key


def test_the_state_of_a_container_is_told_in_words() -> None:
    assert state_of({"Running": True}, 0) == "it runs"
    assert (
        state_of({"Running": True, "Restarting": True, "ExitCode": 3}, 4)
        == "it ends with code 3 and was started again 4 times"
    )


def test_a_log_is_read_from_dockers_stream() -> None:
    stream = b"".join(
        bytes([channel, 0, 0, 0]) + len(text).to_bytes(4, "big") + text
        for channel, text in ((1, b"one\n"), (2, b"two and more\n"))
    )
    assert text_of(stream) == "one\ntwo and more\n"


def test_nothing_secret_is_quoted() -> None:
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


def test_a_block_that_another_stack_of_this_machine_has_is_told_by_its_key() -> None:
    text = "Unable to create network: Error response from daemon: Pool overlaps with other one on this address space"
    found = why("network-data", NETWORK, text)
    assert found is not None
    assert found.sentence.startswith("network.cidr: 10.")
    assert "a block of its own" in found.advice
