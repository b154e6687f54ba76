"""Rights of a deployer: the printed objects as a table, and a user with exactly these on a real control plane."""

import json
from collections.abc import Mapping

import pytest
import yaml

from automation.stack.document import with_values
from components.validation.parse import parse
from providers.contract.json_data import Raw, is_mapping, mappings, texts
from providers.contract.preflight import Identity
from providers.kubernetes.preflight.deployer import CHECKED, deployer_objects, role_rules
from providers.kubernetes.preflight.kubectl import Kubectl, fields, text
from providers.kubernetes.preflight.own_rights import missing_rights
from providers.kubernetes.preflight.rights import Right, required_rights
from tests.engine.project import STACK
from tests.kubernetes.cluster_stack import ClusterStack
from tests.kubernetes.conftest import CreateStack
from tests.kubernetes.control_plane.server import AUDIT_LOG, ControlPlane
from tests.kubernetes.platforms import VARIANTS, prod, raw_of_case, staging
from tests.planning import DRILL, JOBS

USER = "deployer"
ON_SERVER = pytest.mark.long(reason="needs a control plane of Kubernetes and the provider of the engine")
EVERYTHING: Mapping[str, object] = {
    "database.deletion_protection": False,
    "jobs": JOBS,
    "monitoring.tracing": {"sample_percent": 10},
    "recovery": {"drill": DRILL},
    "services.gateway.release": {"command": ["python", "-m", "migrate"]},
    "services.gateway.autoscaling": {"requests_per_replica_per_minute": 600},
}
"""Changes of staging by which it declares every kind of object that HAProxy as the entry leaves."""
LEVEL = "services.gateway.environment.LOG_LEVEL"
OF_THE_CLUSTER = (Right("list", "", "pods"),)
"""Rights in the namespace that the ClusterRole has for the whole cluster."""
UNUSED = {
    ("bind", "rbac.authorization.k8s.io", "roles"), ("delete", "batch", "jobs"), ("get", "", "pods/log"),
    ("patch", "monitoring.coreos.com", "alertmanagerconfigs"), ("watch", "batch", "jobs"),
}  # fmt: skip
"""Rights without a request of their own in these commands: to bind a Role, to read the log of a release command that fails and to
end one, and to change the channels of alerts."""
KEDA: Mapping[str, object] = {"keda_prometheus_url": "http://prometheus.monitoring.svc:9090"}


def everything() -> Raw:
    """Return staging with every kind of object."""
    return staging(EVERYTHING, KEDA)


def rules(objects: list[Raw], kind: str) -> list[Raw]:
    """Return the rules of a Role or ClusterRole."""
    return mappings(next(each for each in objects if each["kind"] == kind)["rules"])


@pytest.mark.parametrize("case", ["production", *VARIANTS])
def test_the_role_has_exactly_the_rights_that_preflight_requires(case: str) -> None:
    raw = raw_of_case(case)
    spec = parse(raw, STACK)
    objects = list(deployer_objects(spec, STACK, Identity("User", USER)))
    granted = [
        (verb, group, resource, name)
        for rule in rules(objects, "Role")
        for group in texts(rule["apiGroups"])
        for resource in texts(rule["resources"])
        for verb in texts(rule["verbs"])
        for name in texts(rule.get("resourceNames")) or [""]
    ]
    needed = (*required_rights(spec), *CHECKED)
    assert sorted(granted) == sorted((each.verb, each.group, each.resource, each.name) for each in needed)


def test_no_rule_has_a_wildcard_and_none_of_the_cluster_writes_anything_but_the_namespace() -> None:
    objects = list(deployer_objects(parse(prod(), STACK), STACK, Identity("Group", "ci")))
    for rule in (*rules(objects, "Role"), *rules(objects, "ClusterRole")):
        assert "*" not in (*texts(rule["apiGroups"]), *texts(rule["resources"]), *texts(rule["verbs"]))
    reading = {"get", "list", "watch"}
    writing = [each for each in rules(objects, "ClusterRole") if not set(texts(each["verbs"])) <= reading]
    assert [each["resourceNames"] for each in writing] == [["agent-platform-prod"]]
    assert all("secrets" not in texts(each["resources"]) for each in rules(objects, "ClusterRole"))


@pytest.mark.parametrize(
    ("identity", "subject"),
    [
        (Identity("User", "ci"), {"kind": "User", "name": "ci", "apiGroup": "rbac.authorization.k8s.io"}),
        (Identity("Group", "acme:ci"), {"kind": "Group", "name": "acme:ci", "apiGroup": "rbac.authorization.k8s.io"}),
        (
            Identity("ServiceAccount", "ci", "runners"),
            {"kind": "ServiceAccount", "name": "ci", "namespace": "runners"},
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, Identity) else "",
)
def test_both_bindings_have_the_identity(identity: Identity, subject: Mapping[str, str]) -> None:
    objects = deployer_objects(parse(prod(), STACK), STACK, identity)
    bindings = [each for each in objects if str(each["kind"]).endswith("Binding")]
    assert [each["subjects"] for each in bindings] == [[subject], [subject]]


@pytest.fixture(scope="module")
def granted(create_stack: CreateStack) -> ClusterStack:
    """Stack of a user to whom an administrator has given the printed rights, not deployed yet."""
    stack = create_stack(everything(), USER)
    done = stack.command("rights", STACK, "--user", USER)
    assert done.returncode == 0, done.stderr
    stack.plane.kubectl("apply", "--server-side", "--filename=-", stdin=done.stdout)
    return stack


def requests(plane: ControlPlane) -> list[Raw]:
    """Return the requests of the user, from the audit log."""
    lines = (plane.home / AUDIT_LOG).read_text(encoding="utf-8").splitlines()
    events = (event for line in lines if is_mapping(event := json.loads(line)))
    return [each for each in events if text(each, "user", "username") == USER]


def right_of(request: Raw) -> tuple[str, str, str]:
    """Return verb, group and resource of a request."""
    reference = fields(request.get("objectRef"))
    part = text(reference, "subresource")
    return (
        str(request["verb"]),
        text(reference, "apiGroup"),
        f"{text(reference, 'resource')}{f'/{part}' if part else ''}",
    )


def place_of(request: Raw) -> tuple[str, str, str]:
    """Return verb, resource and namespace of a request."""
    reference = fields(request.get("objectRef"))
    return str(request["verb"]), text(reference, "resource"), text(reference, "namespace")


TRIED = {("create", "namespaces", ""), ("list", "events", ""), ("watch", "events", "")}
"""Requests that the server refuses without an effect: a preview creates the namespace as a dry run before it is imported, and the
provider looks for events of the namespace itself."""


@ON_SERVER
def test_a_user_with_exactly_the_printed_rights_deploys_updates_and_destroys(granted: ClusterStack) -> None:
    for arguments in (("up", STACK, "--yes"), ("drift", STACK)):
        done = granted.command(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    granted.write(with_values(everything(), {LEVEL: "info"}))
    for arguments in (("up", STACK, "--yes"), ("destroy", STACK, "--yes")):
        done = granted.command(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    made = requests(granted.plane)
    refused = {place_of(each) for each in made if fields(each.get("responseStatus")).get("code") == 403}
    assert refused <= TRIED
    needed = {(each.verb, each.group, each.resource) for each in required_rights(granted.deployment.file.spec)}
    assert needed - {right_of(each) for each in made} <= UNUSED


@ON_SERVER
def test_without_the_rights_to_one_kind_preflight_refuses(granted: ClusterStack) -> None:
    spec, namespace = granted.deployment.file.spec, granted.namespace
    kubectl, needed = Kubectl(USER, granted.project.environment), required_rights(granted.deployment.file.spec)
    objects = list(deployer_objects(spec, STACK, Identity("User", USER)))
    granted.plane.kubectl("apply", "--server-side", "--filename=-", stdin=yaml.safe_dump_all(objects))
    assert missing_rights(kubectl, spec, namespace) == ()
    for kind in dict.fromkeys((each.group, each.resource) for each in needed):
        others = [each for each in needed if (each.group, each.resource) != kind]
        role = {**next(each for each in objects if each["kind"] == "Role"), "rules": role_rules(others)}
        granted.plane.kubectl("apply", "--server-side", "--filename=-", stdin=yaml.safe_dump(role))
        taken = [each for each in needed if (each.group, each.resource) == kind and each not in OF_THE_CLUSTER]
        assert missing_rights(kubectl, spec, namespace) == tuple(map(str, taken))
