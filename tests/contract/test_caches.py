"""Additional caches on every cloud: the same server as `cache` with other settings, and reached by its own users alone."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from automation.audit.evaluation import audit_of
from automation.cost.estimate import estimate_of
from automation.day2.rotation_targets import RotationTarget, secret_urns, target_of
from automation.deploy.state import StateResource
from automation.plan.inventory import Declared, Inventory, plain
from automation.plan.spec_keys import BASE
from automation.recovery.plan import commands_of, recovery_plan
from automation.render.manifests import render_stack
from automation.report.facts import ReportFacts, facts_of
from automation.report.graph import graph_of
from automation.stack.document import stack_of, with_values
from components.adjustments import adjustments
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, audit, limits, recovery
from providers.contract.alarms import alarm_rules
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.json_data import Raw
from providers.contract.recovery_plan import Incident
from providers.contract.region_specs import home_spec, standby_spec
from providers.contract.resource_traits import PASSWORD_TYPE
from providers.docker.compute.sizes import cache_limit_mib, total_memory_gib
from tests.planning import recorded, revealed
from tests.reports import TODAY, planned_stack

SERVICE: Mapping[str, object] = {"app": "fastapi", "image": "ghcr.io/acme/web:1.0"}
TWO: Mapping[str, object] = {
    "cache": {"eviction": "noeviction"},
    "caches.answers": {"memory_gib": 2, "eviction": "allkeys-lru"},
    "services.web.uses": ["cache", "caches.answers"],
    "services.queue": {**SERVICE, "uses": ["cache"]},
    "services.front": {**SERVICE, "uses": ["caches.answers"]},
    "monitoring.dashboards": True,
}
"""Platform with a queue and answers: `web` uses both, each other service one of them."""
EQUAL: Mapping[str, object] = {"cache": {}, "caches.answers": {}, "services.web.uses": ["cache", "caches.answers"]}
ONE: Mapping[str, object] = {"caches": {}, "services.web.uses": ["cache"], "services.front.uses": []}
ALONE: Mapping[str, object] = {"services.web.uses": ["caches.answers"], "services.queue.uses": []}
SERVERS = {
    "aws": "elasticache:ReplicationGroup",
    "gcp": "redis:Instance",
    "azure": "redisenterprise:RedisEnterprise",
    "docker": "docker:Volume",
    "kubernetes": "apps:StatefulSet",
}
"""Type of which each cache has one."""
REGIONS = {
    "aws": {"recovery.standby_region": "us-east-1"},
    "gcp": {"gcp.standby_region": "us-east1"},
    "azure": {"azure.location": "eastus", "azure.standby_location": "centralus"},
}
SHARED_PARTS = ("ec2:NetworkAclRule", "docker:RemoteImage")
"""Types of what all caches share: the filter of their subnets, and images."""
SHARED_NETWORK = ("azure",)
"""Clouds whose rules cannot distinguish services."""


def raw(cloud: str, changes: Mapping[str, object] = TWO) -> Raw:
    return with_values(BASE, {"cloud": cloud, **changes})


@cache
def declared(cloud: str, changes: str = "two") -> Inventory:
    named = {"two": TWO, "equal": EQUAL, "alone": {**TWO, "cache": None}}
    return recorded(stack_of("trial", {PLATFORM_KEY: raw(cloud, named[changes])}))


@cache
def facts(cloud: str) -> ReportFacts:
    return facts_of(planned_stack(raw(cloud), "trial"), TODAY)


def of_main(text: str) -> str:
    """Return a text about the cache `answers` as the same text about `cache`."""
    names = re.compile(
        r"([Cc]ache-|Cache |trial cache )answers(?=\W|$)"
        r"|(cache) \\*\"answers\\*\""
        r"|answers-(redis)|(redis(?:-exporter)?)-answers|ANSWERS_(REDIS)"
    )
    return names.sub(lambda found: next(filter(None, found.groups())).rstrip("- "), text)


def text_of(resource: Declared) -> str:
    inputs = json.dumps(plain(dict(resource.inputs)), sort_keys=True, default=str)
    return re.sub(r"\b[0-9a-f]{6}\b|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "salted", inputs)


def of_additional(inventory: Inventory) -> Iterator[Declared]:
    return (each for each in inventory.custom if re.search(r"(cache|exporter)-answers", each.name))


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_an_additional_cache_has_everything_that_the_cache_has(cloud: str) -> None:
    inventory = declared(cloud, "equal")
    pairs = {(each.short_type, of_main(each.name)): text_of(each) for each in of_additional(inventory)}
    main = {(each.short_type, each.name): text_of(each) for each in inventory.custom}
    assert len(pairs) >= 6
    assert {key: of_main(text) for key, text in pairs.items()} == {key: main.get(key) for key in pairs}
    parts = [key for key in main if re.search(r"-cache(-|$)|redis-exporter", key[1]) and "answers" not in key[1]]
    parts = [key for key in parts if key[0] not in SHARED_PARTS]
    assert set(parts) == pairs.keys()


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_each_cache_has_the_settings_of_its_own_block(cloud: str) -> None:
    inventory = declared(cloud)
    words = ("noeviction", "NoEviction"), ("allkeys-lru", "AllKeysLRU")
    for prefix, own, other in (("trial-cache-answers", *reversed(words)), ("trial-cache", *words)):
        resources = [each for each in inventory.custom if each.name.startswith(prefix)]
        if prefix == "trial-cache":
            resources = [each for each in resources if "answers" not in each.name]
        text = str([revealed(each.inputs) for each in resources])
        if cloud == "kubernetes":
            (files,) = [revealed(each.inputs["data"]) for each in resources if each.name.endswith("-files")]
            text = b64decode(str(dict(files)["cache.conf"])).decode()  # type: ignore[call-overload]
        assert any(word in text for word in own), (prefix, own)
        assert not any(word in text for word in other), (prefix, other)
    assert len([each for each in inventory.of_type(SERVERS[cloud]) if "-cache" in each.name]) == 2


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_services_have_the_url_of_the_caches_that_they_use(cloud: str) -> None:
    variables = {"web": {"REDIS_URL", "ANSWERS_REDIS_URL"}, "queue": {"REDIS_URL"}, "front": {"ANSWERS_REDIS_URL"}}
    for name, expected in variables.items():
        resources = [each for each in declared(cloud).custom if f"-compute-{name}" in each.name]
        text = str([revealed(each.inputs) for each in resources])
        assert set(re.findall(r"(?:ANSWERS_)?REDIS_URL", text)) == expected, name


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_two_urls_of_one_service_are_two_secrets(cloud: str) -> None:
    web = [each for each in declared(cloud).custom if "-compute-web" in each.name]
    text = str([revealed(each.inputs) for each in web])
    references = [re.search(rf"\b{name}([^}}]{{20,120}})", text) for name in ("REDIS_URL", "ANSWERS_REDIS_URL")]
    assert len({each[1] for each in references if each is not None}) == 2
    names = [json.dumps(plain(dict(each.inputs))) for each in declared(cloud).of_type("secretmanager:Secret")]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_rules_and_grants_name_the_users_of_each_cache(cloud: str) -> None:
    page = facts(cloud)
    assert page.mismatches == ()
    if cloud not in SHARED_NETWORK:
        allowed = {(each.source, each.target) for each in page.connections if each.target.startswith("cache")}
        used = {("web", "cache"), ("queue", "cache"), ("web", "caches.answers"), ("front", "caches.answers")}
        assert {pair for pair in allowed if pair[0] in ("web", "queue", "front")} == used
    stores = {each.part for each in page.data if each.part.startswith("cache")}
    assert stores == {"cache", "caches.answers"}
    nodes = {node.key.rpartition("/")[2]: node.title for node in graph_of(page).nodes}
    assert (nodes["cache"], nodes["caches.answers"]) == ("Redis", "Redis answers")


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_plan_says_where_rules_cannot_distinguish_the_users_of_two_caches(cloud: str) -> None:
    spec = stack_of("trial", {PLATFORM_KEY: raw(cloud)}).spec
    found = {each.key for each in adjustments(spec) if "to the port of" in each.reason}
    expected = {"gcp": {"services.queue.uses", "services.front.uses"}, "azure": {"services.front.uses"}}
    assert found == expected.get(cloud, set())
    main = stack_of("trial", {PLATFORM_KEY: raw(cloud, {**TWO, **ONE})}).spec
    assert not [each for each in adjustments(main) if "to the port of" in each.reason]


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_secrets_of_an_additional_cache_are_read_by_its_users_alone(cloud: str) -> None:
    secrets = {each.name: {reader.name for reader in each.readers} for each in facts(cloud).secrets}
    readers = {name: found for name, found in secrets.items() if name.startswith("cache-answers") and "key" not in name}
    assert readers
    services = {name for found in readers.values() for name in found if name in ("web", "queue", "front")}
    assert services == {"web", "front"}


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_each_cache_has_alarms_and_a_row_of_the_dashboard(cloud: str) -> None:
    spec = stack_of("trial", {PLATFORM_KEY: raw(cloud)}).spec
    rules = {rule.key: rule.summary for rule in alarm_rules(spec) if rule.subject == "cache"}
    assert rules == {
        "cache-memory-percent": "the cache uses more than 80 % of its memory",
        "cache-answers-memory-percent": 'the cache "answers" uses more than 80 % of its memory',
        "cache-answers-evictions": 'the cache "answers" evicts entries',
    }
    everything = str([revealed(each.inputs) for each in declared(cloud).custom])
    named = everything + str([each.name for each in declared(cloud).custom])
    assert all(key in named for key in rules)
    boards = [each for each in declared(cloud).custom if re.search("[Dd]ashboard|Workbook|grafana", each.urn)]
    assert "cache-answers" in str([revealed(each.inputs) for each in boards])


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_plan_names_each_cache_with_its_size(cloud: str) -> None:
    stores = {store.name: store.size for store in facts(cloud).summary.stores}
    assert stores == {"Redis": "1 GiB, noeviction", "Redis answers": "2 GiB, allkeys-lru"}


def test_a_docker_host_needs_the_memory_of_each_cache() -> None:
    spec = stack_of("trial", {PLATFORM_KEY: raw("docker")}).spec
    one = stack_of("trial", {PLATFORM_KEY: raw("docker", {**TWO, **ONE})}).spec
    limit_mib = cache_limit_mib(2)
    assert total_memory_gib(spec) - total_memory_gib(one) == pytest.approx(limit_mib / 1024, abs=0.01)
    containers = {each.name: each.inputs.get("memory") for each in declared("docker").of_type("docker:Container")}
    assert containers["trial-cache-answers-server"] == limit_mib
    assert containers["trial-monitoring-redis-exporter-answers"]


def test_rendered_manifests_have_the_objects_of_each_cache() -> None:
    found = {(each.kind, each.name) for each in render_stack(declared("kubernetes")).manifests}
    kinds = ("StatefulSet", "Service", "ServiceAccount", "NetworkPolicy")
    assert {(kind, name) for kind in kinds for name in ("cache", "cache-answers")} <= found
    assert ("PersistentVolumeClaim", "cache-answers-data") in found


def test_a_cluster_with_an_external_cache_runs_the_additional_one_itself() -> None:
    external = {**TWO, "kubernetes.cache": {"external": True, "port": 6380}}
    inventory = recorded(stack_of("trial", {PLATFORM_KEY: raw("kubernetes", external)}))
    assert [each.name for each in inventory.of_type("apps:StatefulSet")] == ["trial-cache-answers-server"]
    (rules,) = inventory.of_type("monitoring.coreos.com:PrometheusRule")
    assert "cache-answers-memory-percent" in str(rules.inputs)
    assert "'cache-memory-percent'" not in str(rules.inputs)
    policies = {each.name: str(each.inputs) for each in inventory.of_type("networking.k8s.io:NetworkPolicy")}
    assert "6380" in policies["trial-network-queue"]
    assert "6380" not in policies["trial-network-front"]
    assert "'cache-answers'" in policies["trial-network-front"]


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_each_cache_is_in_the_cost(cloud: str) -> None:
    spec = stack_of("trial", {PLATFORM_KEY: raw(cloud)}).spec
    lines = estimate_of(spec, limits(cloud).region(spec), declared(cloud)).lines
    names = {line.name for line in lines if "cache" in line.name and line.minimum and line.component == "Cache"}
    assert {"trial-cache", "trial-cache-answers"} <= {name for name in names for name in (name, name.partition(":")[0])}


@pytest.mark.parametrize("cloud", REGIONS)
def test_a_standby_region_has_each_cache_in_one_zone_and_in_the_cost(cloud: str) -> None:
    warm = {
        "recovery.mode": "warm",
        **REGIONS[cloud],
        "caches.answers.high_availability": True,
        "services.web.path": "/",
    }
    spec = stack_of("trial", {PLATFORM_KEY: raw(cloud, {**TWO, **warm})}).spec
    assert [cache.settings.high_availability for cache in home_spec(spec).all_caches] == [False, True]
    assert [cache.settings.high_availability for cache in standby_spec(spec).all_caches] == [False, False]
    items = [item.what for item in recovery(cloud).costs(spec)]
    assert {"cache in the standby region", 'cache "answers" in the standby region'} <= set(items)
    assert [each.reason for each in adjustments(spec) if 'the cache "answers" of' in each.reason]


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_recovery_plan_has_commands_for_each_cache(cloud: str) -> None:
    scenario = recovery_plan(planned_stack(raw(cloud), "trial")).scenario(Incident.CACHE)
    text = " ".join(command.text for step in scenario.steps for command in commands_of(step))
    if cloud in ("aws", "azure"):
        assert re.search(r"trial-cache(?!-answers)", text)
        assert "trial-cache-answers" in text
    alone = planned_stack(raw(cloud, {**TWO, "cache": None, **ALONE}), "trial")
    assert recovery_plan(alone).scenario(Incident.CACHE).steps


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_an_additional_cache_needs_no_other(cloud: str) -> None:
    platform = raw(cloud, {**TWO, **ALONE})
    del platform["cache"]
    inventory = recorded(stack_of("trial", {PLATFORM_KEY: platform}))
    assert [each.name for each in inventory.of_type(SERVERS[cloud]) if "cache" in each.name] == [
        each.name for each in declared(cloud).of_type(SERVERS[cloud]) if "cache-answers" in each.name
    ]
    everything = str([revealed(each.inputs) for each in inventory.custom])
    assert "ANSWERS_REDIS_URL" in everything
    assert not re.search(r"(?<!ANSWERS_)REDIS_URL", everything)


def target(name: str, cloud: str = "aws") -> RotationTarget:
    return target_of(stack_of("trial", {PLATFORM_KEY: raw(cloud)}), name)


def test_the_password_of_each_cache_is_rotated_alone() -> None:
    state: list[StateResource] = [{"urn": each.urn, "type": each.type} for each in declared("aws").custom]
    passwords = {name: secret_urns(target(name), state) for name in ("cache-password", "cache-answers-password")}
    assert {name: [urn.name for urn in urns] for name, urns in passwords.items()} == {
        "cache-password": ["trial-cache-password"],
        "cache-answers-password": ["trial-cache-answers-password"],
    }
    assert all(urn.type == PASSWORD_TYPE for urns in passwords.values() for urn in urns)
    assert (target("cache-password").readers, target("cache-answers-password").readers) == (
        ("queue", "web"),
        ("front", "web"),
    )
    assert target("cache-answers-password").rounds == 2


@pytest.mark.parametrize("cloud", [each for each in AVAILABLE if each != "aws"])
def test_a_password_that_cannot_rotate_is_refused_with_the_alternative(cloud: str) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        target("cache-answers-password", cloud)
    text = str(refused.value)
    assert "{" not in text.replace("{print", "")
    assert "starts_with(name, 'trial-cache-answers-')" in text or cloud != "azure"


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_every_check_of_the_audit_looks_at_each_cache(cloud: str) -> None:
    spec = stack_of("trial", {PLATFORM_KEY: raw(cloud, EQUAL)}).spec
    if audit(cloud) is None:
        pytest.skip("there are no security checks for this target")
    result = audit_of("trial", spec, limits(cloud).region(spec), declared(cloud, "equal"), TODAY)
    named = {finding.evidence.resource for check in result.results for finding in check.findings}
    main = {name for name in named if re.search(r"-cache(-|$)", name) and "answers" not in name}
    main = {name for name in main if not name.startswith("ec2:NetworkAclRule")}
    assert main
    assert {of_main(name) for name in named if "cache-answers" in name} == main
