"""Public entry: HAProxy with the rules of the Docker host, or routes of a Gateway."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from automation.plan.inventory import Inventory, Secret
from components.validation.parse import parse
from providers.contract.haproxy.sections import https_rules
from providers.contract.rollout import RolloutPosition
from providers.docker.entry.haproxy import configuration as docker_configuration
from providers.kubernetes.compute.rollout_limits import Weight, split_services, weights_of
from providers.kubernetes.entry.haproxy import START_SCRIPT, configuration, map_text
from tests.docker.specs import context_of
from tests.kubernetes.inputs import DEPLOYMENT, ROUTE, SERVICE, at, container, items, mapping, peers, pod, spec
from tests.kubernetes.platforms import GATEWAY, SIMPLE_INGRESS, prod, prod_plan, staging
from tests.planning import plan, revealed

FILES = "prod-entry-files"
STABLE = "ghcr.io/acme/gateway:1"


def file_of(inventory: Inventory, name: str, stack: str = "prod") -> str:
    return str(at(inventory.one(f"{stack}-entry-files", "core:ConfigMap").inputs, "data", name))


def test_the_rules_are_those_of_the_docker_host() -> None:
    platform = parse(prod({"ingress.auth": {"mode": "api_key"}, "services.gateway.closed_paths": ["/admin"]}), "prod")
    ours = {line.strip() for line in configuration(platform).splitlines()}
    rules = set(https_rules(platform, split_services(platform)))
    assert rules <= ours
    on_docker = docker_configuration(context_of({"ingress.auth": {"mode": "api_key"}}))
    shared = [line for line in rules if line.startswith(("http-request deny", "http-request track"))]
    assert shared
    assert all(line in on_docker for line in shared)


def test_clients_keep_their_address_and_denied_ranges_do_not_connect() -> None:
    allowed = plan(prod({"ingress.allowed_cidrs": ["198.51.100.0/24"]}))
    balancer = spec(allowed, "prod-entry-service", SERVICE)
    assert (balancer["type"], balancer["externalTrafficPolicy"]) == ("LoadBalancer", "Local")
    assert balancer["loadBalancerSourceRanges"] == ["198.51.100.0/24"]
    assert "unless { src 198.51.100.0/24 }" in file_of(allowed, "haproxy.cfg")
    assert "loadBalancerSourceRanges" not in spec(prod_plan(), "prod-entry-service", SERVICE)


def test_production_has_a_replica_of_the_entry_in_each_zone() -> None:
    assert spec(prod_plan(), "prod-entry", DEPLOYMENT)["replicas"] == 3
    assert spec(plan(staging(), stack="staging"), "staging-entry", DEPLOYMENT)["replicas"] == 2


def test_the_entry_reaches_public_services_only() -> None:
    policy = prod_plan().one("prod-entry-entry", "networking.k8s.io:NetworkPolicy")
    assert peers(policy, "egress") == {"gateway:7777"}
    assert peers(policy, "ingress") == {"0.0.0.0/0:8443", "0.0.0.0/0:8080", "namespace monitoring:8404"}


def test_replicas_are_found_one_by_one() -> None:
    headless = spec(prod_plan(), "prod-compute-gateway-replicas", SERVICE)
    assert headless["clusterIP"] == "None"
    assert "server-template gateway- 24 " in file_of(prod_plan(), "haproxy.cfg")
    assert "prod-compute-chat-replicas" not in {each.name for each in prod_plan().resources}


def test_the_certificate_of_the_issuer_is_mounted_with_its_key() -> None:
    certificate = spec(prod_plan(), "prod-entry-certificate", "cert-manager.io:Certificate")
    assert certificate["dnsNames"] == ["agents.example.com"]
    assert certificate["issuerRef"] == {"name": "letsencrypt", "kind": "ClusterIssuer"}
    volume = next(
        each for each in items(pod(prod_plan(), "prod-entry"), "volumes") if at(each, "name") == "certificate"
    )
    assert at(volume, "secret", "secretName") == "entry-tls"
    assert [at(each, "path") for each in items(volume, "secret", "items")] == ["entry.pem", "entry.pem.key"]


def test_the_entry_has_digests_of_keys_and_no_key() -> None:
    guarded = plan(prod({"ingress.auth": {"mode": "api_key"}}), secret="a-key-of-clients")
    stored = guarded.one("prod-entry-client-keys", "core:Secret").inputs["data"]
    assert isinstance(stored, Secret)
    assert "a-key-of-clients" not in repr(revealed(stored))
    assert "a-key-of-clients" not in file_of(guarded, "haproxy.cfg")
    assert "map_str(/etc/agent-platform/os-security-key.map)" in file_of(guarded, "haproxy.cfg")


def test_a_new_configuration_replaces_the_replicas() -> None:
    files = prod_plan().one(FILES, "core:ConfigMap")
    assert files.inputs["immutable"] is True
    assert "name" not in mapping(files.inputs, "metadata")


@pytest.mark.parametrize(
    ("position", "weights"),
    [
        (None, (Weight("gateway", 100),)),
        (RolloutPosition(STABLE, 10), (Weight("gateway", 90), Weight("gateway-next", 10))),
        (RolloutPosition(STABLE, 100, "replacing"), (Weight("gateway", 0), Weight("gateway-next", 100))),
        (RolloutPosition(STABLE, 0, "held"), (Weight("gateway", 100),)),
    ],
)
def test_the_weights_of_a_rollout_are_those_of_its_position(
    position: RolloutPosition | None, weights: tuple[Weight, ...]
) -> None:
    assert weights_of("gateway", position) == weights


CANARY = {"services.gateway.rollout": {"strategy": "canary"}}


def test_haproxy_has_the_share_of_the_new_revision_in_its_map() -> None:
    platform = parse(prod(CANARY), "prod")
    assert map_text(platform, {}) == "gateway 0\n"
    assert map_text(platform, {"gateway": RolloutPosition(STABLE, 25)}) == "gateway 25\n"
    assert map_text(parse(prod(), "prod"), {}) == ""


def test_a_gateway_has_the_weights_in_its_route() -> None:
    platform = staging({**SIMPLE_INGRESS, **CANARY, "services.gateway.metrics": {"port": 9464}}, GATEWAY)
    stepping = plan(platform, stack="staging", positions={"gateway": RolloutPosition(STABLE, 25)})
    backends = items(spec(stepping, "staging-entry-route-gateway", ROUTE), "rules", 0, "backendRefs")
    assert [(at(each, "name"), at(each, "weight")) for each in backends] == [("gateway", 75), ("gateway-next", 25)]


def test_a_gateway_terminates_tls_and_redirects_http() -> None:
    routed = plan(staging(SIMPLE_INGRESS, GATEWAY), stack="staging")
    gateway = spec(routed, "staging-entry-gateway", "gateway.networking.k8s.io:Gateway")
    assert gateway["gatewayClassName"] == "eg"
    assert [at(each, "protocol") for each in items(gateway, "listeners")] == ["HTTPS", "HTTP"]
    redirect = spec(routed, "staging-entry-route-redirect", ROUTE)
    assert at(redirect, "parentRefs", 0, "sectionName") == "http"
    assert at(redirect, "rules", 0, "filters", 0, "requestRedirect", "scheme") == "https"
    route = spec(routed, "staging-entry-route-gateway", ROUTE)
    assert at(route, "rules", 0, "timeouts", "request") == "0s"
    # a rule without a backend closes a path
    assert any("backendRefs" not in mapping(rule) for rule in items(route, "rules"))


def test_an_existing_gateway_gets_routes_and_nothing_else() -> None:
    block = {"entry": "gateway", "gateway": {"name": "shared", "namespace": "gateways"}, "issuer": None}
    routed = plan(staging(SIMPLE_INGRESS, block), stack="staging")
    assert not routed.of_type("gateway.networking.k8s.io:Gateway")
    parent = mapping(spec(routed, "staging-entry-route-gateway", ROUTE), "parentRefs", 0)
    assert parent == {"name": "shared", "namespace": "gateways"}


def test_the_start_script_is_a_shell_script(tmp_path: Path) -> None:
    script = tmp_path / "entry.sh"
    script.write_text(START_SCRIPT, encoding="utf-8")
    subprocess.run(["sh", "-n", script], check=True)
    assert container(prod_plan(), "prod-entry")["command"] == ["/bin/sh", "/etc/agent-platform/entry.sh"]


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")
@pytest.mark.parametrize(
    "changes",
    [{}, CANARY, {"ingress.waf": {"mode": "count"}, "accept_risk": {"ingress.waf.mode": "a trial of the rules"}}],
)
def test_haproxy_accepts_the_file(tmp_path: Path, changes: dict[str, object]) -> None:
    platform = parse(prod(changes), "prod")
    certificate = tmp_path / "entry.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", f"{certificate}.key", "-out", certificate, "-subj", "/CN=agents.example.com", "-days", "2"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    (tmp_path / "rollout.map").write_text(map_text(platform, {}), encoding="utf-8")
    text = configuration(platform).replace("/etc/agent-platform-tls", str(tmp_path))
    (tmp_path / "haproxy.cfg").write_text(text.replace("/etc/agent-platform", str(tmp_path)), encoding="utf-8")
    variables = {**os.environ, "STARTED": "1", "SEARCH_DOMAIN": "agents.svc.cluster.local"}
    checked = subprocess.run(
        ["haproxy", "-c", "-f", tmp_path / "haproxy.cfg"], capture_output=True, text=True, check=False, env=variables
    )
    assert checked.returncode == 0, checked.stderr
