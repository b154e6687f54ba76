"""This machine before an update: Docker, ports, memory, CPUs, what stands already; each machine is made up."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from automation.plan.spec_keys import BASE
from automation.stack.document import stack_of
from automation.stack.keys import with_values
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, host_checks
from providers.contract.preflight import HostChecks
from providers.contract.spec import Platform
from providers.docker.preflight.checks import seen
from providers.docker.preflight.host import Host, Port, Standing
from providers.docker.preflight.ports import EVERYWHERE

STACK = "trial"
HOST = Host(address="unix:///var/run/docker.sock", version="28.0", memory_gib=15.6, cpus=4, free_port=8445)
ENTRY = Port(8443, EVERYWHERE)
PLAIN: Mapping[str, object] = {"services.web.path": "/"}
WITH_DASHBOARD: Mapping[str, object] = {**PLAIN, "monitoring.dashboards": True}


def spec(changes: Mapping[str, object] = PLAIN) -> Platform:
    return stack_of(STACK, {PLATFORM_KEY: with_values(BASE, {"cloud": "docker", **changes})}).spec


def refusals(host: Host, changes: Mapping[str, object] = PLAIN) -> list[str]:
    return [str(refusal) for each in seen(host, spec(changes), STACK) for refusal in each.diagnostics]


def told(host: Host, subject: str, changes: Mapping[str, object] = PLAIN) -> str:
    return next(each.told for each in seen(host, spec(changes), STACK) if each.subject == subject)


@pytest.mark.parametrize("cloud", [cloud for cloud in AVAILABLE if cloud != "docker"])
def test_a_cloud_whose_machines_are_its_own_has_nothing_to_check(cloud: str) -> None:
    asked = host_checks(cloud)
    assert isinstance(asked, HostChecks)
    assert asked.preflight(spec(), STACK, {}) == ()


def test_a_machine_that_has_everything_refuses_nothing() -> None:
    assert refusals(HOST, WITH_DASHBOARD) == []
    assert told(HOST, "ports", WITH_DASHBOARD) == "8443 is free and 8444 is free"


def test_a_docker_that_is_named_and_silent_is_told_by_its_variable() -> None:
    host = Host(address="tcp://127.0.0.1:1", named=True, silent="the connection is refused")
    assert refusals(host) == [
        'DOCKER_HOST: "tcp://127.0.0.1:1" is where no Docker answers (the connection is refused); start Docker there, '
        "and let this user reach it, or let DOCKER_HOST name where it is."
    ]


def test_without_any_docker_the_cloud_is_the_key() -> None:
    host = Host(address="unix:///var/run/docker.sock", silent="there is no such socket")
    assert refusals(host) == [
        'cloud: "docker" needs a Docker, and none answers at unix:///var/run/docker.sock (there is no such socket); '
        "start Docker there, and let this user reach it, or set DOCKER_HOST to its address."
    ]


def test_a_docker_that_only_its_client_reaches_is_unknown_and_refuses_nothing() -> None:
    (only,) = seen(Host(unasked="DOCKER_CONTEXT names remote"), spec(), STACK)
    assert (only.diagnostics, only.unasked.partition(";")[0]) == ((), "run `docker info`")


def test_a_port_that_a_process_has_names_it() -> None:
    host = replace(HOST, takers={8443: "the process nginx (pid 4711)"})
    assert refusals(host) == [
        "docker.entry_port: 8443 is taken by the process nginx (pid 4711); end it, or set docker.entry_port to a free "
        "one, such as 8445."
    ]


def test_a_port_that_a_container_has_names_it() -> None:
    host = replace(HOST, containers=(Standing("web", "", (ENTRY,)),))
    assert refusals(host) == [
        "docker.entry_port: 8443 is taken by the container web; stop it, or set docker.entry_port to a free one, such as "
        "8445."
    ]


def test_a_port_that_this_stacks_entry_has_is_its_own() -> None:
    # what forwards the port is a process of Docker's
    host = replace(
        HOST,
        containers=(Standing("trial-entry-proxy-1a2b3c4", STACK, (ENTRY,)),),
        takers={8443: "the process docker-proxy (pid 9)"},
    )
    assert refusals(host) == []
    assert told(host, "ports") == "8443 is this stack's own"


def test_the_entry_of_another_stack_is_nobodys_own() -> None:
    host = replace(HOST, containers=(Standing("other-entry-proxy-1a2b3c4", "other", (ENTRY,)),))
    assert "taken by the container other-entry-proxy-1a2b3c4" in refusals(host)[0]


def test_a_container_that_only_has_a_name_like_ours_is_nobodys_own() -> None:
    host = replace(HOST, containers=(Standing("trial-entry-proxy-1a2b3c4", "", (ENTRY,)),))
    assert "taken by the container trial-entry-proxy-1a2b3c4" in refusals(host)[0]


def test_the_dashboards_port_beside_the_entrys_can_be_taken() -> None:
    host = replace(HOST, containers=(Standing("web", "", (Port(8444, EVERYWHERE),)),))
    assert refusals(host, WITH_DASHBOARD) == [
        "docker.entry_port: 8443 puts the dashboard on port 8444, which is taken by the container web; stop it, or set "
        "docker.entry_port to a free one, such as 8445, or monitoring.dashboards to false."
    ]
    assert refusals(host) == []


def test_a_port_on_another_address_is_no_hindrance() -> None:
    host = replace(HOST, containers=(Standing("web", "", (Port(8444, "192.0.2.7"),)),))
    assert refusals(host, WITH_DASHBOARD) == []


def test_an_entry_that_moves_to_its_own_dashboards_port_is_told() -> None:
    host = replace(HOST, containers=(Standing("trial-monitoring-grafana-1a2b3c4", STACK, (ENTRY,)),))
    assert (
        "held by this stack's own dashboard (trial-monitoring-grafana-1a2b3c4) until that has moved"
        in refusals(host)[0]
    )


def test_the_usual_port_takes_that_of_plain_http_with_it() -> None:
    host = replace(HOST, takers={80: "the process apache2 (pid 12)"})
    changes = {**PLAIN, "docker.entry_port": 443}
    assert (
        "443 takes plain HTTP on port 80 with it, which is taken by the process apache2 (pid 12)"
        in refusals(host, changes)[0]
    )
    assert refusals(host) == []


def test_a_platform_without_a_public_service_takes_no_port() -> None:
    host = replace(HOST, takers={8443: "the process nginx (pid 4711)"})
    assert refusals(host, {"services.web.path": None}) == []


def test_sizes_beyond_the_memory_are_told_with_what_would_do() -> None:
    changes = {
        **PLAIN,
        "services.web.size": {"vcpu": 1, "memory_gib": 16},
        "services.web.replicas": {"min": 2, "max": 2},
    }
    assert refusals(HOST, changes) == [
        "services.web.size.memory_gib: 16 is too much for this machine: services, database and cache may take 32 GiB "
        "together and the platform's own parts about 2, and Docker has 15.6; set it to 6.75 or less."
    ]


def test_where_no_single_size_does_the_others_are_named() -> None:
    changes = {
        **PLAIN,
        "services.web.size": {"vcpu": 1, "memory_gib": 16},
        "database": {"size": {"vcpu": 1, "memory_gib": 15}, "high_availability": False},
    }
    assert refusals(HOST, changes)[0].endswith("; lower it and database.size.memory_gib (15).")


def test_more_cpus_than_there_are_are_refused_for_each_size() -> None:
    changes = {**PLAIN, "services.web.size": {"vcpu": 8, "memory_gib": 1}}
    assert refusals(HOST, changes) == [
        "services.web.size.vcpu: 8 is more than the 4 CPUs that Docker has; set it to 4 or less."
    ]


def test_a_machine_without_room_for_the_entry_is_told() -> None:
    assert refusals(replace(HOST, cpus=1))[0].startswith('cloud: "docker" needs 2 CPUs for its entry')


def test_a_volume_of_another_major_version_is_told() -> None:
    changes = {**PLAIN, "database": {"version": "17", "high_availability": False}}
    assert refusals(replace(HOST, memory_gib=64, written_by=("16",)), changes) == [
        'database.version: "17" cannot open the volume of this stack, which PostgreSQL 16 wrote; set it back to "16", or '
        "restore the last dump into a new stack."
    ]
    assert refusals(replace(HOST, memory_gib=64, written_by=("17",)), changes) == []


def test_images_that_are_not_here_are_unknown_and_refuse_nothing() -> None:
    host = replace(HOST, absent=("ghcr.io/acme/web:1.0",))
    found = next(each for each in seen(host, spec(), STACK) if each.subject == "images")
    assert (found.diagnostics, found.told) == ((), "not on this machine yet: services.web.image")
    assert found.unasked
