"""Rendered stacks on a real API server: applied strictly, applied again without a change, and checked before that.

AGENT_PLATFORM_TEST_CONTEXT names a context of KUBECONFIG that leads to a server without anything of value, in which the CRDs of
the operators are installed; without it, the control plane of these tests is started. The tests create and delete namespaces.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest

from automation.plan.inventory import Inventory
from automation.render.documents import folder_content, stream_of, write_folder
from automation.render.manifests import render_stack
from automation.render.secrets import with_placeholders
from components.validation.parse import parse
from providers.kubernetes.preflight.inspection import inspect_cluster
from providers.kubernetes.preflight.kubectl import Kubectl, check_objects
from tests.kubernetes.control_plane import server as control_plane
from tests.kubernetes.control_plane.server import ControlPlane
from tests.kubernetes.platforms import CASES, plan_of_case, prod_plan, staging, staging_plan

CONTEXT = os.environ.get("AGENT_PLATFORM_TEST_CONTEXT", "")
pytestmark = pytest.mark.long(reason="needs an API server of Kubernetes")
OF_CONTROLLERS = ("metadata", "status")
"""Parts that the server and controllers write; `metadata.generation` counts changes of the rest."""
OF_THE_HOST = """
apiVersion: v1
kind: Pod
metadata: {name: host, namespace: NAMESPACE}
spec: {serviceAccountName: gateway, hostPID: true, containers: [{name: web, image: ghcr.io/acme/web:1}]}
"""


@dataclass(frozen=True)
class ApiServer:
    """Server by the context of a kubeconfig."""

    context: str
    environment: Mapping[str, str]

    def kubectl(self, *arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        command = ("kubectl", f"--context={self.context}", *arguments)
        return subprocess.run(
            command, input=stdin, env=dict(self.environment), capture_output=True, text=True, check=False
        )

    def applied(self, stream: str) -> list[str]:
        """Apply strictly, as the owner of every field; returns the lines of the answer and fails for any error or warning."""
        options = ("--server-side", "--validate=strict", "-f", "-")
        done = [self.kubectl("apply", *options, stdin=each) for each in split(stream)]
        assert [(each.returncode, each.stderr) for each in done] == [(0, ""), (0, "")]
        return "".join(each.stdout for each in done).splitlines()

    def stored(self, stream: str) -> dict[str, object]:
        """Return the objects by kind and name, without what the server and controllers write."""
        items = json.loads(self.kubectl("get", "-f", "-", "-o", "json", stdin=stream).stdout)["items"]
        found: dict[str, object] = {}
        for item in items:
            item.get("spec", {}).pop("volumeName", None)
            own = {key: value for key, value in item.items() if key not in OF_CONTROLLERS}
            found[f"{item['kind']} {item['metadata']['name']}"] = {
                **own,
                "generation": item["metadata"].get("generation"),
            }
        return found


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> ApiServer:
    """Server of the variable, or that of the control plane."""
    if CONTEXT:
        return ApiServer(CONTEXT, os.environ)
    plane: ControlPlane = request.getfixturevalue("plane")
    return ApiServer(control_plane.CONTEXT, plane.environment)


def split(stream: str) -> tuple[str, str]:
    """Return the namespace, and everything in it."""
    documents = stream.split("---\n")
    first = next(each for each in documents if "\nkind: Namespace\n" in each)
    return first, "---\n".join(each for each in documents if each is not first)


def in_own_namespace(inventory: Inventory) -> tuple[str, str]:
    """Return a namespace, and the manifests in it with empty values in place of secrets."""
    rendered = render_stack(inventory)
    name = next(each.name for each in rendered.manifests if each.kind == "Namespace")
    namespace = f"{name}-{token_hex(3)}"
    return namespace, stream_of(with_placeholders(rendered.manifests)).replace(name, namespace)


@pytest.fixture(params=CASES)
def stream(request: pytest.FixtureRequest, server: ApiServer) -> Iterator[str]:
    """Manifests of a case in a separate namespace that is deleted at the end."""
    namespace, documents = in_own_namespace(plan_of_case(request.param))
    yield documents
    # a server without a controller manager keeps it, so nothing waits for its end
    server.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def staging_namespace(server: ApiServer) -> Iterator[tuple[str, str]]:
    """Namespace of staging, which exists, and the manifests for it."""
    namespace, documents = in_own_namespace(staging_plan())
    assert server.kubectl("apply", "--server-side", "-f", "-", stdin=split(documents)[0]).returncode == 0
    yield namespace, documents
    server.kubectl("delete", "namespace", namespace, "--wait=false")


def test_a_rendered_stack_is_applied_strictly_and_a_second_time_without_a_change(
    stream: str, server: ApiServer
) -> None:
    first = server.applied(stream)
    before = server.stored(stream)
    assert len(before) == len(first)
    assert all(line.endswith(" serverside-applied") for line in server.applied(stream))
    assert server.stored(stream) == before
    difference = server.kubectl("diff", "--server-side", "-f", "-", stdin=stream)
    assert (difference.returncode, difference.stdout) == (0, "")


def test_kustomize_builds_the_folder(tmp_path: Path, server: ApiServer) -> None:
    rendered = render_stack(prod_plan())
    manifests = tuple(with_placeholders(rendered.manifests))
    write_folder(tmp_path / "out", folder_content("prod", manifests, ()))
    built = server.kubectl("kustomize", str(tmp_path / "out"))
    assert built.stdout.count("\nkind: ") + built.stdout.startswith("kind: ") == len(manifests)


def test_the_check_before_an_update_accepts_every_object_and_refuses_a_misspelt_field(
    staging_namespace: tuple[str, str], server: ApiServer
) -> None:
    spec = parse(staging({}, {"context": server.context}), "staging")
    _, stream = staging_namespace
    (accepted,) = check_objects(spec, stream, server.environment)
    assert (accepted.observed, accepted.diagnostics) == ("the API server accepts every object", ())
    (refused,) = check_objects(spec, stream.replace("  instances:", "  instancez:"), server.environment)
    assert "instancez" in str(refused.diagnostics[0])


def test_the_namespace_admits_no_pod_of_the_host(staging_namespace: tuple[str, str], server: ApiServer) -> None:
    namespace, stream = staging_namespace
    server.kubectl("apply", "--server-side", "-f", "-", stdin=split(stream)[1])
    pod = OF_THE_HOST.replace("NAMESPACE", namespace)
    refused = server.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=pod)
    assert 'violates PodSecurity "restricted:v1.33"' in refused.stderr


def test_the_facts_are_read_from_the_server(server: ApiServer) -> None:
    spec = parse(staging({}, {"context": server.context}), "staging")
    cluster = inspect_cluster(spec, "staging", server.environment)
    uid = Kubectl(server.context, server.environment).get("/api/v1/namespaces/kube-system")
    assert (cluster.no_answer, cluster.missing_rights, cluster.unread) == ("", (), ())
    assert uid is not None
    assert str(cluster.uid) in str(uid)
    assert "postgresql.cnpg.io/v1/clusters" in cluster.served
