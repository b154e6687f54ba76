"""Preflight of a cluster: each fact that is missing, with the fix, and the questions that find it out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from automation.render.manifests import Rendering
from components.validation.parse import parse
from providers import host_checks
from providers.contract.preflight import CheckResult, PreparedObject
from providers.contract.spec import KubernetesBlock, Platform
from providers.kubernetes.context import REGION, KubernetesContext
from providers.kubernetes.naming import MONITORING
from providers.kubernetes.preflight.checks import check_cluster
from providers.kubernetes.preflight.cluster import ClusterFacts, NamespaceQuota, Room, StorageClass, Zone, amount
from providers.kubernetes.preflight.inspection import inspect_cluster
from providers.kubernetes.preflight.kubectl import check_objects
from providers.kubernetes.preflight.rights import METRICS, namespace_rights, required_rights, served_resources
from providers.kubernetes.preflight.stack_objects import list_prepared
from providers.kubernetes.resource_traits import NAMESPACE
from tests.kubernetes.fake_kubectl import FakeKubectl
from tests.kubernetes.platforms import VARIANTS, plan_of_case, prod_plan, raw_of_case

RULES_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
ACCESS_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
UID = "3f0c6f2e-8f3c-4a39-9d6e-5b1a2c3d4e5f"
SPEC = Platform.model_validate(
    {
        "cloud": "kubernetes",
        "kubernetes": {
            "context": "acme",
            "cluster_uid": UID,
            "namespace": "agents",
            "gateway_class": "eg",
            "issuer": "letsencrypt",
            "bucket": {"name": "acme-backups", "endpoint_url": "https://s3.example.com"},
        },
        "services": {
            "web": {"image": "ghcr.io/acme/web:1", "port": 8000, "path": "/", "replicas": {"min": 2, "max": 4}}
        },
        "database": {},
        "network": {"zones": 2},
    }
)
READY = ClusterFacts(
    context="acme",
    version="v1.34.2",
    uid=UID,
    served=frozenset({*served_resources(SPEC), METRICS, "cert-manager.io/v1/certificates"}),
    gateway_class_accepted=True,
    issuer_ready=True,
    storage_classes=(StorageClass("fast", is_default=True, can_expand=True),),
    zones=(Zone("a", 2), Zone("b", 1)),
    room=Room(16, 64),
    policy_engine="Cilium",
)


def with_block(**values: object) -> Platform:
    block = SPEC.kubernetes or KubernetesBlock(context="acme")
    return SPEC.model_copy(update={"kubernetes": block.model_copy(update=values)})


def refused(cluster: ClusterFacts, spec: Platform = SPEC) -> list[str]:
    """Texts of every diagnostic."""
    return [str(each) for result in check_cluster(cluster, spec, "prod") for each in result.diagnostics]


def result_of(subject: str, cluster: ClusterFacts, spec: Platform = SPEC) -> CheckResult:
    return next(each for each in check_cluster(cluster, spec, "prod") if each.subject == subject)


def test_a_ready_cluster_passes_every_check() -> None:
    results = check_cluster(READY, SPEC, "prod")
    assert [(each.diagnostics, each.fix) for each in results] == [((), "")] * len(results)
    assert len(results) == 14


def test_an_unknown_context_is_named() -> None:
    (text,) = refused(ClusterFacts("acme", no_answer='context "acme" does not exist'))
    assert text.startswith("kubernetes.context: the kubeconfig has no context acme. Use a name that")


def test_a_server_that_does_not_answer_is_reported_with_the_reason() -> None:
    (text,) = refused(ClusterFacts("acme", no_answer="dial tcp 10.0.0.1:443: connect: connection refused"))
    assert "the API server of the context acme does not answer (dial tcp 10.0.0.1:443" in text


def test_kubectl_that_is_not_installed_is_reported(tmp_path: Path) -> None:
    cluster = inspect_cluster(SPEC, "prod", {"PATH": str(tmp_path)})
    assert refused(cluster) == [
        "kubernetes.context: kubectl is not installed. Install kubectl (https://kubernetes.io/docs/tasks/tools/)."
    ]


@pytest.mark.parametrize(("version", "accepted"), [("v1.32.9", False), ("v1.33.0", True), ("v1.34.1+k3s1", True)])
def test_a_cluster_before_1_33_is_refused(version: str, accepted: bool) -> None:
    texts = refused(replace(READY, version=version))
    assert texts == ([] if accepted else [f"cloud: kubernetes needs version 1.33 or later, and the cluster has {version[1:]}. Upgrade the cluster, or use another one."])  # fmt: skip


def test_another_cluster_is_refused_before_anything_else_is_checked() -> None:
    (text,) = refused(replace(READY, uid="0" * 8, missing_rights=("create secrets",)))
    assert f"the context acme leads to the cluster 00000000, and the stack belongs to {UID}" in text


def test_a_stack_without_an_identity_is_given_the_one_to_set() -> None:
    assert result_of("cluster identity", READY, with_block(cluster_uid=None)).fix.endswith(f"to {UID}")


def test_an_identity_that_cannot_be_read_is_refused() -> None:
    assert "the identity of the cluster cannot be read" in refused(replace(READY, uid=None))[0]


def test_missing_rights_are_listed() -> None:
    rights = tuple(f"create thing{number}" for number in range(8))
    (text,) = refused(replace(READY, missing_rights=rights))
    assert "may not create thing0, create thing1" in text
    assert "and 2 more in the namespace agents" in text


@pytest.mark.parametrize(
    ("resource", "key", "fix"),
    [
        ("gateway.networking.k8s.io/v1/httproutes", "kubernetes.entry", "Install a controller of the Gateway API"),
        ("postgresql.cnpg.io/v1/clusters", "database", "Install CloudNativePG"),
        ("barmancloud.cnpg.io/v1/objectstores", "database.backup", "Install the Barman Cloud plugin"),
        ("monitoring.coreos.com/v1/prometheusrules", "monitoring", "Install the operator of Prometheus"),
        ("cert-manager.io/v1/certificates", "kubernetes.issuer", "Install cert-manager"),
        (METRICS, "services.web.replicas", "Install metrics-server"),
    ],
)
def test_an_api_that_the_cluster_does_not_serve_is_refused_with_its_operator(resource: str, key: str, fix: str) -> None:
    (text,) = refused(replace(READY, served=READY.served - {resource}))
    assert text.startswith(f"{key}: ")
    assert fix in text


def test_a_gateway_class_without_a_controller_is_refused() -> None:
    assert "the GatewayClass eg was not accepted" in refused(replace(READY, gateway_class_accepted=False))[0]
    assert "the GatewayClass eg does not exist" in refused(replace(READY, gateway_class_accepted=None))[0]


def test_a_gateway_class_that_cannot_be_read_is_not_refused() -> None:
    assert refused(replace(READY, gateway_class_accepted=None, unread=("GatewayClasses",))) == []


def test_an_issuer_that_is_not_ready_is_refused() -> None:
    assert "the ClusterIssuer letsencrypt is not Ready" in refused(replace(READY, issuer_ready=False))[0]


def test_a_storage_class_that_does_not_exist_is_refused() -> None:
    assert "slow does not exist. Use fast" in refused(READY, with_block(storage_class="slow"))[0]
    assert "has no default class" in refused(replace(READY, storage_classes=()))[0]


def test_a_storage_class_that_cannot_grow_is_reported() -> None:
    classes = (StorageClass("fast", is_default=True, can_expand=False),)
    assert "allowVolumeExpansion" in result_of("storage class", replace(READY, storage_classes=classes)).fix


def test_production_is_refused_on_fewer_zones_than_it_has() -> None:
    (text,) = refused(replace(READY, zones=(Zone("a", 3),)))
    assert text == (
        "network.zones: 2 is not possible: the ready nodes are in 1 zone. Add nodes in other zones, or set it to 1."
    )
    staging = SPEC.model_copy(update={"profile": "staging"})
    assert result_of("zones", replace(READY, zones=(Zone("a", 3),)), staging).diagnostics == ()


def test_production_is_refused_without_enforced_policies_unless_the_risk_is_accepted() -> None:
    open_cluster = replace(READY, policy_engine="")
    assert refused(open_cluster)[0].startswith("network.isolation: no network plugin that enforces them")
    accepted = SPEC.model_copy(update={"accept_risk": {"network.isolation": "our own plugin enforces them"}})
    assert refused(open_cluster, accepted) == []


def test_a_cluster_without_room_is_reported_and_not_refused() -> None:
    result = result_of("capacity", replace(READY, room=Room(0.5, 64)))
    assert result.fix.startswith("add nodes")
    assert result.diagnostics == ()


def test_a_quota_below_the_need_is_refused() -> None:
    cluster = replace(READY, namespace_labels={"app.kubernetes.io/part-of": "agent-platform"})
    small = replace(cluster, quotas=(NamespaceQuota("small", {"requests.cpu": 0.1}),))
    assert "the ResourceQuota small allows 0.1 vCPU" in refused(small)[0]
    assert refused(replace(cluster, quotas=(NamespaceQuota("large", {"requests.cpu": 100}),))) == []


def test_a_namespace_of_something_else_is_refused() -> None:
    assert "agents exists and was not created by the platform" in refused(replace(READY, namespace_labels={}))[0]


@pytest.mark.parametrize(
    ("quantity", "number"), [("500m", 0.5), ("2", 2), ("1536Mi", 1.5 * 2**30), ("1k", 1000), ("x", 0), (3, 3)]
)
def test_quantities_are_numbers(quantity: object, number: float) -> None:
    assert amount(quantity) == number


@pytest.fixture
def api(tmp_path: Path) -> FakeKubectl:
    """API server with two nodes, Calico, one storage class, and every right."""
    fake = FakeKubectl(tmp_path)
    fake.answer("/version", {"gitVersion": "v1.36.3"})
    fake.answer("/api/v1/namespaces/kube-system", {"metadata": {"uid": UID}})
    rule = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    fake.answer(RULES_REVIEW, {"status": {"resourceRules": [rule]}})
    allowed = {"status": {"allowed": True}}
    fake.answer(ACCESS_REVIEW, allowed)
    fake.answer("/apis/postgresql.cnpg.io/v1", {"resources": [{"name": "clusters"}, {"name": "scheduledbackups"}]})
    accepted = {"status": {"conditions": [{"type": "Accepted", "status": "True"}]}}
    fake.answer("/apis/gateway.networking.k8s.io/v1/gatewayclasses/eg", accepted)
    default = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    fake.items(
        "/apis/storage.k8s.io/v1/storageclasses",
        {"metadata": {"name": "fast", **default}, "allowVolumeExpansion": True},
    )
    nodes = [_node("one", "a"), _node("two", "b"), _node("broken", "c", ready="False")]
    fake.items("/api/v1/nodes", *nodes)
    requests = {"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}
    pod = {"spec": {"nodeName": "one", "containers": [requests]}, "status": {"phase": "Running"}}
    ended = {**pod, "status": {"phase": "Succeeded"}}
    fake.items("/api/v1/pods", pod, ended, {**pod, "spec": {**pod["spec"], "nodeName": "broken"}})
    fake.items("/apis/apps/v1/daemonsets", {"metadata": {"name": "calico-node"}})
    return fake


def _node(name: str, zone: str, ready: str = "True") -> dict[str, object]:
    return {
        "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}},
        "status": {
            "allocatable": {"cpu": "2", "memory": "4Gi"},
            "conditions": [{"type": "Ready", "status": ready}],
        },
    }


def test_the_facts_come_from_plain_reads_of_the_named_context(api: FakeKubectl) -> None:
    cluster = inspect_cluster(SPEC, "prod", api.environment)
    assert (cluster.version, cluster.uid, cluster.missing_rights) == ("v1.36.3", UID, ())
    assert cluster.served == {"postgresql.cnpg.io/v1/clusters", "postgresql.cnpg.io/v1/scheduledbackups"}
    assert (cluster.gateway_class_accepted, cluster.issuer_ready, cluster.policy_engine) == (True, None, "Calico")
    assert cluster.zones == (Zone("a", 1), Zone("b", 1))
    assert cluster.room == Room(3.5, 7.0)
    assert cluster.storage_classes == (StorageClass("fast", is_default=True, can_expand=True),)
    assert all(call.startswith("--context=acme ") for call in api.calls)
    assert not any(word in call for call in api.calls for word in ("apply", "delete", "patch"))


def test_a_path_that_the_user_may_not_read_is_unknown(api: FakeKubectl) -> None:
    api.forbid("/api/v1/nodes")
    cluster = inspect_cluster(SPEC, "prod", api.environment)
    assert (cluster.zones, cluster.room, cluster.unread) == (None, None, ("nodes",))
    assert result_of("zones", cluster).fix == "allow `list` on nodes to this user"


def test_rights_that_the_rules_do_not_grant_are_missing(api: FakeKubectl) -> None:
    rule = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}
    api.answer(RULES_REVIEW, {"status": {"resourceRules": [rule]}})
    missing = inspect_cluster(SPEC, "prod", api.environment).missing_rights
    assert "get secrets" not in missing
    assert {"create secrets", "patch deployments.apps", "delete clusters.postgresql.cnpg.io"} <= set(missing)


def test_the_right_to_create_the_namespace_is_needed_until_it_exists(api: FakeKubectl) -> None:
    api.answer(ACCESS_REVIEW, {"status": {"allowed": False}})
    assert inspect_cluster(SPEC, "prod", api.environment).missing_rights == ("create namespaces",)
    api.answer("/api/v1/namespaces/agents", {"metadata": {"labels": {}}})
    assert inspect_cluster(SPEC, "prod", api.environment).missing_rights == ()


def test_rights_that_only_the_destruction_needs_are_reported_and_not_refused(api: FakeKubectl) -> None:
    api.answer(ACCESS_REVIEW, {"status": {"allowed": False}})
    api.answer("/api/v1/namespaces/agents", {"metadata": {"labels": {}}})
    cluster = inspect_cluster(SPEC, "prod", api.environment)
    assert cluster.missing_to_destroy == ("delete namespaces/agents", "list namespaces", "watch namespaces")
    result = result_of("rights", replace(READY, missing_to_destroy=cluster.missing_to_destroy))
    assert (result.diagnostics, result.fix) == (
        (), "for `destroy`, allow this user to delete namespaces/agents, list namespaces and watch namespaces too"
    )  # fmt: skip


def test_a_namespace_that_the_user_may_not_read_is_a_missing_right(api: FakeKubectl) -> None:
    rule = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "resourceNames": ["other"]}
    api.answer(RULES_REVIEW, {"status": {"resourceRules": [rule]}})
    api.answer(ACCESS_REVIEW, {"status": {"allowed": False}})
    api.forbid("/api/v1/namespaces/agents")
    missing = inspect_cluster(SPEC, "prod", api.environment).missing_rights
    assert {str(each) for each in (*required_rights(SPEC), *namespace_rights("agents"))} == set(missing)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, []),
        ({"app.kubernetes.io/name": "agent-platform", "app.kubernetes.io/instance": "staging"}, []),
        (
            dict(KubernetesContext(SPEC, "prod", REGION).selector(MONITORING)),
            [PreparedObject(NAMESPACE, "prod-network-namespace", "agents")],
        ),
    ],
    ids=["of something else", "of another stack", "of this stack"],
)
def test_a_namespace_is_prepared_for_the_stack_of_its_labels(
    api: FakeKubectl, labels: Mapping[str, str], expected: list[PreparedObject]
) -> None:
    assert list(list_prepared(SPEC, "prod", api.environment)) == []
    api.answer("/api/v1/namespaces/agents", {"metadata": {"labels": labels}})
    assert list(list_prepared(SPEC, "prod", api.environment)) == expected


def test_the_prepared_namespace_has_the_name_of_the_plan() -> None:
    assert prod_plan().one("prod-network-namespace", "core:Namespace").type == NAMESPACE


@pytest.mark.parametrize("case", ["production", *VARIANTS])
def test_the_rights_cover_every_object_of_a_plan(case: str) -> None:
    raw, inventory = raw_of_case(case), plan_of_case(case)
    rights = {(right.group, right.resource) for right in required_rights(parse(raw, "staging"))}
    declared = {(each.api_version.rpartition("/")[0], plural(each.kind)) for each in Rendering(inventory).manifests()}
    assert declared - rights == {("", "namespaces")}


def plural(kind: str) -> str:
    """Resource of a kind: `networkpolicies`."""
    return f"{kind[:-1]}ies".lower() if kind.endswith("cy") else f"{kind}s".lower()


@pytest.mark.parametrize("allowed", [True, False])
def test_an_incomplete_answer_is_completed_by_a_question_for_everything_then_for_each_right(
    api: FakeKubectl, allowed: bool
) -> None:
    api.answer(RULES_REVIEW, {"status": {"resourceRules": [], "incomplete": True}})
    api.answer(ACCESS_REVIEW, {"status": {"allowed": allowed}})
    expected = () if allowed else (*map(str, required_rights(SPEC)), "create namespaces")
    assert inspect_cluster(SPEC, "prod", api.environment).missing_rights == expected
    reviews = [call for call in api.calls if "selfsubjectaccessreviews" in call]
    assert len(reviews) == (2 if allowed else len(required_rights(SPEC)) + 2)


def test_a_failing_login_is_reported(api: FakeKubectl) -> None:
    api.fail(
        "E1129 memcache.go:265] couldn't get current server API\nerror: You must be logged in to the server (Unauthorized)\n"
    )
    assert (
        "does not answer (You must be logged in to the server (Unauthorized))"
        in refused(inspect_cluster(SPEC, "prod", api.environment))[0]
    )


def test_objects_are_sent_strictly_and_without_storing_them(api: FakeKubectl) -> None:
    (result,) = check_objects(SPEC, "kind: Secret\n", api.environment)
    assert (result.observed, result.diagnostics) == ("the API server accepts every object", ())
    assert (api.folder / "applied").read_text() == "kind: Secret\n"
    assert "--server-side --dry-run=server --validate=strict" in api.calls[-1]


def test_a_misspelt_field_is_refused_with_the_words_of_the_server(api: FakeKubectl) -> None:
    api.reject(
        'Error from server (BadRequest): HTTPRoute in version "v1" cannot be handled: unknown field "spec.weigth"\n'
    )
    (result,) = check_objects(SPEC, "kind: HTTPRoute\n", api.environment)
    assert 'unknown field "spec.weigth"' in str(result.diagnostics[0])


def test_a_namespace_that_does_not_exist_yet_refuses_nothing(api: FakeKubectl) -> None:
    api.reject('Error from server (NotFound): namespaces "agents" not found\n' * 3)
    (result,) = check_objects(SPEC, "kind: Secret\n", api.environment)
    assert result.diagnostics == ()
    assert "when the namespace exists" in result.observed


def test_pods_that_the_standard_would_refuse_are_refused_by_their_warning(api: FakeKubectl) -> None:
    api.reject('Warning: would violate PodSecurity "restricted:v1.33": privileged (container "web")\n')
    (result,) = check_objects(SPEC, "kind: Deployment\n", api.environment)
    assert "would violate PodSecurity" in str(result.diagnostics[0])


def test_a_cluster_has_host_checks() -> None:
    assert host_checks("kubernetes").check_objects is check_objects
