"""Preflight checks of a Docker host, with constructed hosts: daemon, ports, memory, CPUs, volume and images."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from automation.plan.spec_keys import BASE
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, host_checks
from providers.contract.diagnostics import ConfigError, Diagnostic
from providers.contract.preflight import CheckResult, HostChecks
from providers.contract.spec import Platform, Size
from providers.docker.context import LOOPBACK
from providers.docker.naming import checkout_of
from providers.docker.ownership import Owner
from providers.docker.preflight.capacity import MemoryRequest, check_cpus, check_memory
from providers.docker.preflight.checks import check_host
from providers.docker.preflight.host import ALL_ADDRESSES, ExistingNetwork, Host, Port, RunningContainer
from providers.docker.preflight.inspection import existing_network, has_single_cpu_weight, podman_version

STACK = "trial"
HOST = Host(address="unix:///var/run/docker.sock", version="28.0", memory_gib=15.6, cpus=4, free_port=8445)
ENTRY_PORT = Port(8443, LOOPBACK)
PUBLIC_SERVICE: Mapping[str, object] = {"services.web.path": "/"}
WITH_DASHBOARD: Mapping[str, object] = {**PUBLIC_SERVICE, "monitoring.dashboards": True}


def spec(changes: Mapping[str, object] = PUBLIC_SERVICE) -> Platform:
    return stack_of(STACK, {PLATFORM_KEY: with_values(BASE, {"cloud": "docker", **changes})}).spec


def refusals(host: Host, changes: Mapping[str, object] = PUBLIC_SERVICE) -> list[Diagnostic]:
    return [refusal for result in check_host(host, spec(changes), STACK) for refusal in result.diagnostics]


def messages(host: Host, changes: Mapping[str, object] = PUBLIC_SERVICE) -> list[str]:
    return [str(refusal) for refusal in refusals(host, changes)]


def result_of(host: Host, subject: str, changes: Mapping[str, object] = PUBLIC_SERVICE) -> CheckResult:
    (result,) = [result for result in check_host(host, spec(changes), STACK) if result.subject == subject]
    return result


@pytest.mark.parametrize("cloud", [cloud for cloud in AVAILABLE if cloud not in ("docker", "kubernetes")])
def test_a_cloud_has_no_host_checks(cloud: str) -> None:
    checks = host_checks(cloud)
    assert isinstance(checks, HostChecks)
    assert checks.preflight(spec(), STACK, {}) == ()


def test_a_host_with_enough_of_everything_refuses_nothing() -> None:
    assert refusals(HOST, WITH_DASHBOARD) == []
    assert result_of(HOST, "ports", WITH_DASHBOARD).observed == "8443 is free and 8444 is free"


def test_a_daemon_at_docker_host_that_does_not_answer_is_reported_by_its_variable() -> None:
    host = Host(address="tcp://127.0.0.1:1", address_is_set=True, no_answer="the connection is refused")
    assert refusals(host) == [
        ConfigError(
            "DOCKER_HOST",
            problem="no Docker daemon answers at tcp://127.0.0.1:1 (the connection is refused)",
            fix="start Docker there and give this user access to it, or set DOCKER_HOST to the address of a running daemon",
        )
    ]


def test_without_a_daemon_at_the_default_address_the_key_is_the_cloud() -> None:
    host = Host(address="unix:///var/run/docker.sock", no_answer="the socket does not exist")
    assert messages(host) == [
        "cloud: docker needs a Docker daemon, and none answers at unix:///var/run/docker.sock (the socket does not exist). "
        "Start Docker there and give this user access to it, or set DOCKER_HOST to the address of a running daemon."
    ]


def test_a_daemon_that_only_dockers_client_can_reach_is_unknown_and_refuses_nothing() -> None:
    (only,) = check_host(Host(unchecked="DOCKER_CONTEXT is remote"), spec(), STACK)
    assert (only.diagnostics, only.fix.partition(";")[0]) == ((), "run `docker info`")


def test_a_port_that_a_process_uses_is_refused_with_its_name() -> None:
    host = replace(HOST, port_owners={8443: "the process nginx (pid 4711)"})
    assert messages(host) == [
        "docker.entry_port: port 8443 is used by the process nginx (pid 4711). Stop it, or set docker.entry_port to a free "
        "port, such as 8445."
    ]


def test_a_port_that_a_container_uses_is_refused_with_its_name() -> None:
    host = replace(HOST, containers=(RunningContainer("web", "", (ENTRY_PORT,)),))
    assert messages(host) == [
        "docker.entry_port: port 8443 is used by the container web. Stop it, or set docker.entry_port to a free port, such "
        "as 8445."
    ]


def test_the_port_of_the_stacks_own_entry_is_accepted() -> None:
    # the process that listens on a published port is Docker's
    host = replace(
        HOST,
        containers=(RunningContainer("trial-entry-proxy-1a2b3c4", STACK, (ENTRY_PORT,)),),
        port_owners={8443: "the process docker-proxy (pid 9)"},
    )
    assert refusals(host) == []
    assert result_of(host, "ports").observed == "8443 is used by this stack"


def test_the_entry_of_another_stack_is_refused() -> None:
    host = replace(HOST, containers=(RunningContainer("other-entry-proxy-1a2b3c4", "other", (ENTRY_PORT,)),))
    assert "used by the container other-entry-proxy-1a2b3c4" in messages(host)[0]


def test_a_container_without_the_labels_of_the_stack_is_not_its_own() -> None:
    host = replace(HOST, containers=(RunningContainer("trial-entry-proxy-1a2b3c4", "", (ENTRY_PORT,)),))
    assert "used by the container trial-entry-proxy-1a2b3c4" in messages(host)[0]


def test_the_port_of_the_dashboard_can_be_in_use() -> None:
    host = replace(HOST, containers=(RunningContainer("web", "", (Port(8444, ALL_ADDRESSES),)),))
    assert messages(host, WITH_DASHBOARD) == [
        "docker.entry_port: the dashboard's port 8444, the one after the entry's, is used by the container web. Stop it, or "
        "set docker.entry_port to a free port, such as 8445, or set monitoring.dashboards to false."
    ]
    assert refusals(host) == []


def test_the_same_port_on_another_address_is_accepted() -> None:
    host = replace(HOST, containers=(RunningContainer("web", "", (Port(8444, "192.0.2.7"),)),))
    assert refusals(host, WITH_DASHBOARD) == []


def test_an_entry_that_moves_to_the_port_of_its_own_dashboard_is_refused() -> None:
    host = replace(HOST, containers=(RunningContainer("trial-monitoring-grafana-1a2b3c4", STACK, (ENTRY_PORT,)),))
    (message,) = messages(host)
    assert "used by this stack's own dashboard (trial-monitoring-grafana-1a2b3c4) until that is replaced" in message


def test_an_entry_on_port_443_also_needs_port_80() -> None:
    host = replace(HOST, port_owners={80: "the process apache2 (pid 12)"})
    (message,) = messages(host, {**PUBLIC_SERVICE, "docker.entry_port": 443})
    assert "port 80, which redirects HTTP to 443, is used by the process apache2 (pid 12)" in message
    assert refusals(host) == []


def test_a_platform_without_a_public_service_needs_no_port() -> None:
    host = replace(HOST, port_owners={8443: "the process nginx (pid 4711)"})
    assert refusals(host, {"services.web.path": None}) == []


def test_too_much_memory_is_refused_with_the_largest_value_that_fits() -> None:
    changes = {
        **PUBLIC_SERVICE,
        "services.web.size": {"vcpu": 1, "memory_gib": 16},
        "services.web.replicas": {"min": 2, "max": 2},
    }
    assert messages(HOST, changes) == [
        "services.web.size.memory_gib: 16 GiB is too much for this host: services, database and cache may use 32 GiB "
        "together and the platform's own containers about 2, but Docker has 15.6. Set it to 6.75 or less."
    ]


def test_a_rollout_in_steps_needs_memory_for_both_revisions() -> None:
    size = {**PUBLIC_SERVICE, "services.web.size": {"vcpu": 1, "memory_gib": 10}}
    assert refusals(HOST, size) == []
    (refusal,) = refusals(HOST, {**size, "services.web.rollout": {"strategy": "canary"}})
    assert refusal.fix == (
        "set it to 6.75 or less, or set services.web.rollout.strategy to rolling instead of a strategy in steps, which runs "
        "both revisions of a service at the same time"
    )


def test_the_other_sizes_are_named_when_no_single_size_is_enough() -> None:
    changes = {
        **PUBLIC_SERVICE,
        "services.web.size": {"vcpu": 1, "memory_gib": 16},
        "database": {"size": {"vcpu": 1, "memory_gib": 15}, "high_availability": False},
    }
    (refusal,) = refusals(HOST, changes)
    assert refusal.fix == "reduce it and database.size.memory_gib (15)"


def test_a_size_with_more_cpus_than_the_host_is_refused() -> None:
    changes = {**PUBLIC_SERVICE, "services.web.size": {"vcpu": 8, "memory_gib": 1}}
    assert messages(HOST, changes) == [
        "services.web.size.vcpu: 8 exceeds the 4 CPUs of this host. Set it to 4 or less."
    ]


def test_a_host_without_the_cpus_of_the_entry_is_refused() -> None:
    assert messages(replace(HOST, cpus=1))[0].startswith("cloud: docker needs 2 CPUs for the entry")


@pytest.mark.parametrize(
    ("version", "driver", "expected"), [("1", "cgroupfs", True), ("1", "systemd", False), ("2", "cgroupfs", False)]
)
def test_a_host_whose_containers_share_the_cpu_weight_of_one_process_is_described(
    version: str, driver: str, expected: bool
) -> None:
    shared = has_single_cpu_weight({"CgroupVersion": version, "CgroupDriver": driver})
    result = result_of(replace(HOST, has_single_cpu_weight=shared), "CPUs")
    assert shared is expected
    assert result.observed.endswith("get the CPU time of one process (cgroup version 1)") is expected
    assert result.diagnostics == ()


def test_whole_numbers_are_accepted_where_the_spec_has_floats() -> None:
    # a model that is built without validation keeps integers, which have no `is_integer` before Python 3.12
    platform = spec()
    web = platform.services["web"]
    size = Size.model_construct(vcpu=8, memory_gib=64)
    platform = platform.model_copy(update={"services": {"web": web.model_copy(update={"size": size})}})
    (cpus,) = check_cpus(HOST, platform).diagnostics
    (memory,) = check_memory(HOST, platform).diagnostics
    assert str(cpus).startswith("services.web.size.vcpu: 8 exceeds the 4 CPUs")
    assert str(memory).startswith("services.web.size.memory_gib: 64 GiB is too much")
    assert str(MemoryRequest("cache.memory_gib", 4, replicas=2)) == "cache.memory_gib (4 for each of 2 replicas)"


def test_a_volume_of_another_major_version_is_refused() -> None:
    changes = {**PUBLIC_SERVICE, "database": {"version": "17", "high_availability": False}}
    assert messages(replace(HOST, memory_gib=64, data_versions=("16",)), changes) == [
        'database.version: 17 cannot open the volume of this stack, which PostgreSQL 16 wrote. Set it to "16", or restore '
        "the last dump into a new stack."
    ]
    assert refusals(replace(HOST, memory_gib=64, data_versions=("17",)), changes) == []


def test_another_architecture_than_the_daemons_is_refused() -> None:
    host = replace(HOST, architecture="arm64")
    assert messages(host) == [
        "services.web.architecture: amd64 does not run on this host, whose Docker runs arm64. Set it to arm64, with an image "
        "for it."
    ]
    assert messages(host, {**PUBLIC_SERVICE, "services.web.architecture": "arm64"}) == []
    assert messages(replace(HOST, architecture="amd64")) == []


def test_an_image_for_another_architecture_is_refused() -> None:
    host = replace(HOST, architecture="amd64", image_architectures={"ghcr.io/acme/web:1.0": "arm64"})
    assert messages(host) == [
        'services.web.image: "ghcr.io/acme/web:1.0" on this host is for arm64, and the service runs on amd64. Run '
        "`docker pull --platform linux/amd64 ghcr.io/acme/web:1.0`."
    ]
    built: Mapping[str, object] = {**PUBLIC_SERVICE, "services.web.build": {}, "services.web.image": "web:1"}
    host = replace(HOST, architecture="amd64", image_architectures={"web:1": "arm64"})
    assert messages(host, built)[0].endswith("Run `agent-platform images build`.")


def test_missing_images_are_unknown_and_refuse_nothing() -> None:
    result = result_of(replace(HOST, missing_images=("ghcr.io/acme/web:1.0",)), "images")
    assert (result.diagnostics, result.observed) == ((), "not on this host yet: services.web.image")
    assert result.fix


def test_an_image_that_an_update_builds_is_not_missing() -> None:
    changes = {**PUBLIC_SERVICE, "services.web.build": {"context": "."}, "services.web.image": "web:unbuilt"}
    result = result_of(replace(HOST, missing_images=("web:unbuilt",)), "images", changes)
    assert (result.fix, result.observed.partition(", ")[2]) == ("", "and `up` builds services.web.image")


def network(name: str, block: str, stack: str = "", checkout: str = "") -> ExistingNetwork:
    return ExistingNetwork(name, (IPv4Network(block),), stack, checkout)


def test_a_range_of_another_stack_is_refused_with_its_owner_and_a_free_range() -> None:
    networks = (
        network("bridge", "172.17.0.0/16"),
        network("other-network-data-1", "10.20.0.0/16", "other", "/srv/two"),
    )
    assert messages(replace(HOST, networks=(*networks, network("vpn", "10.21.0.0/24")))) == [
        "network.cidr: 10.20.0.0/16 overlaps with 10.20.0.0/16, the network other-network-data-1 of the stack other in "
        "/srv/two. Set it to a free block, such as 10.22.0.0/16."
    ]
    assert refusals(replace(HOST, networks=(network("bridge", "172.17.0.0/16"),))) == []


@pytest.mark.parametrize(
    ("own", "label", "accepted"),
    [("/srv/one", "/srv/one", True), ("/srv/one", "/srv/two", False), ("/srv/one", "", True), ("", "/srv/two", False)],
)
def test_a_stack_of_another_checkout_with_the_same_name_is_not_its_own(own: str, label: str, accepted: bool) -> None:
    entry = RunningContainer("trial-entry-proxy-1a2b3c4", STACK, (ENTRY_PORT,), label)
    held = network("trial-network-data-1", "10.20.0.0/16", STACK, label)
    found = messages(replace(HOST, owner=Owner(STACK, frozenset({own} - {""})), containers=(entry,), networks=(held,)))
    assert bool(found) is not accepted
    assert accepted or found[0].startswith(
        "docker.entry_port: port 8443 is used by the container trial-entry-proxy-1a2b3c4 of the stack trial in /srv/two."
    )


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:///srv/one/.local/state", "/srv/one"),
        ("file:///srv/one/state", ""),
        ("s3://acme/.local/state", ""),
        ("", ""),
    ],
)
def test_the_checkout_is_the_folder_that_has_the_state(url: str, folder: str) -> None:
    assert checkout_of({"PULUMI_BACKEND_URL": url}) == folder


def test_a_copied_state_is_refused_before_its_update_replaces_the_other_containers() -> None:
    host = replace(HOST, owner=Owner(STACK, frozenset({"/srv/two"}), copied_from="/srv/one"))
    assert messages(host) == [
        "stack: the state in .local was copied from /srv/one, whose containers an update would replace. Move .local out of "
        "this folder, and give the stack its own docker.entry_port and network.cidr."
    ]


def test_podman_is_refused_with_the_reason() -> None:
    assert messages(Host(address="unix:///run/podman/podman.sock", address_is_set=True, podman="4.3.1")) == [
        "DOCKER_HOST: docker needs Docker Engine 20.10 or later, and unix:///run/podman/podman.sock is Podman 4.3.1, whose "
        "Docker API drops the options that keep containers from this host. Set DOCKER_HOST to the address of a Docker daemon."
    ]
    assert podman_version({"Components": [{"Name": "Podman Engine", "Version": "4.3.1"}]}) == "4.3.1"
    assert podman_version({"Components": [{"Name": "Engine", "Version": "28.5.2"}]}) == ""


@pytest.mark.parametrize(("version", "accepted"), [("19.03.15", False), ("20.10.24+dfsg1", True), ("28.5.2", True)])
def test_docker_before_20_10_is_refused(version: str, accepted: bool) -> None:
    assert (refusals(replace(HOST, version=version)) == []) is accepted


@pytest.mark.parametrize(
    ("resolvers", "accepted"),
    [(("169.254.169.254",), False), (("169.254.169.254", "1.1.1.1"), True), (("192.0.2.53",), True), ((), True)],
)
def test_a_dns_server_at_a_metadata_address_is_refused(resolvers: tuple[str, ...], accepted: bool) -> None:
    host = replace(HOST, version="20.10.24", resolvers=resolvers)
    assert (refusals(host) == []) is accepted
    closed = {**PUBLIC_SERVICE, "network.egress": "none", "network.private_endpoints": True}
    assert refusals(host, closed) == []
    # its resolver connects from the host's network
    assert refusals(replace(host, version="28.5.2")) == []


def test_networks_are_read_with_their_owner() -> None:
    labels = {"project": "agent-platform", "stack": "local", "checkout": "/srv/one"}
    config = [{"Subnet": "10.20.0.0/25"}, {"Subnet": "fd00::/64"}]
    row = {"Name": "local-network-data-1", "Labels": labels, "IPAM": {"Config": config}}
    assert existing_network(row) == network("local-network-data-1", "10.20.0.0/25", "local", "/srv/one")
    assert existing_network({"Name": "host", "IPAM": {"Config": None}}) == ExistingNetwork("host")
