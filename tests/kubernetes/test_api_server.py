"""Rendered stacks on a real API server: applied strictly, applied again without a change, and checked before that.

Runs where AGENT_PLATFORM_TEST_CONTEXT names a context of KUBECONFIG that leads to a server without anything of value, in which the
CRDs of the operators are installed. The tests create and delete namespaces there.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
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
from tests.kubernetes.platforms import VARIANTS, prod_plan, staging, staging_plan
from tests.planning import plan

CONTEXT = os.environ.get("AGENT_PLATFORM_TEST_CONTEXT", "")
pytestmark = [
    pytest.mark.long(reason="needs an API server of Kubernetes"),
    pytest.mark.skipif(not CONTEXT, reason="AGENT_PLATFORM_TEST_CONTEXT names no test cluster"),
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH"),
]
CASES = ("production", "staging", *VARIANTS)
COUNTED = ("resourceVersion", "managedFields")
"""A second apply of a PersistentVolumeClaim writes it again without a difference (kube-apiserver 1.36.3)."""
OF_THE_HOST = """
apiVersion: v1
kind: Pod
metadata: {name: host, namespace: agent-platform-staging}
spec: {serviceAccountName: gateway, hostPID: true, containers: [{name: web, image: ghcr.io/acme/web:1}]}
"""


def inventory_of(case: str) -> Inventory:
    if case == "production":
        return prod_plan()
    return staging_plan() if case == "staging" else plan(staging(*VARIANTS[case]), stack="staging")


def kubectl(*arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
    command = ("kubectl", f"--context={CONTEXT}", *arguments)
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def applied(stream: str) -> list[str]:
    """Apply strictly, as the owner of every field; returns the lines of the answer and fails for any error or warning."""
    options = ("--server-side", "--validate=strict", "-f", "-")
    namespace, rest = split(stream)
    done = [kubectl("apply", *options, stdin=each) for each in (namespace, rest)]
    assert [(each.returncode, each.stderr) for each in done] == [(0, ""), (0, "")]
    return "".join(each.stdout for each in done).splitlines()


def split(stream: str) -> tuple[str, str]:
    """Return the namespace, and everything in it."""
    documents = stream.split("---\n")
    first = next(each for each in documents if "\nkind: Namespace\n" in each)
    return first, "---\n".join(each for each in documents if each is not first)


@pytest.fixture(params=CASES)
def stream(request: pytest.FixtureRequest) -> Iterator[str]:
    """Manifests of a case with empty values in place of secrets, in a separate namespace that is deleted at the end."""
    rendered = render_stack(inventory_of(request.param))
    name = next(each.name for each in rendered.manifests if each.kind == "Namespace")
    namespace = f"{name}-{token_hex(3)}"
    yield stream_of(with_placeholders(rendered.manifests)).replace(name, namespace)
    # a server without a controller manager keeps it, so nothing waits for its end
    kubectl("delete", "namespace", namespace, "--wait=false")


def test_a_rendered_stack_is_applied_strictly_and_a_second_time_without_a_change(stream: str) -> None:
    first = applied(stream)
    before = stored(stream)
    assert len(before) == len(first)
    assert all(line.endswith(" serverside-applied") for line in applied(stream))
    assert stored(stream) == before
    difference = kubectl("diff", "--server-side", "-f", "-", stdin=stream)
    assert (difference.returncode, difference.stdout) == (0, "")


def stored(stream: str) -> dict[str, object]:
    """Return the objects by kind and name, without what the server counts at each write."""
    items = json.loads(kubectl("get", "-f", "-", "-o", "json", stdin=stream).stdout)["items"]
    for item in items:
        for field in COUNTED:
            item["metadata"].pop(field, None)
    return {f"{each['kind']} {each['metadata']['name']}": each for each in items}


def test_kustomize_builds_the_folder(tmp_path: Path) -> None:
    rendered = render_stack(prod_plan())
    manifests = tuple(with_placeholders(rendered.manifests))
    write_folder(tmp_path / "out", folder_content("prod", manifests, ()))
    built = kubectl("kustomize", str(tmp_path / "out"))
    assert built.stdout.count("\nkind: ") + built.stdout.startswith("kind: ") == len(manifests)


def test_the_check_before_an_update_accepts_every_object_and_refuses_a_misspelt_field() -> None:
    spec = parse(staging({}, {"context": CONTEXT}), "staging")
    stream = stream_of(with_placeholders(render_stack(staging_plan()).manifests))
    kubectl("apply", "--server-side", "-f", "-", stdin=split(stream)[0])
    (accepted,) = check_objects(spec, stream, os.environ)
    assert (accepted.observed, accepted.diagnostics) == ("the API server accepts every object", ())
    (refused,) = check_objects(spec, stream.replace("  instances:", "  instancez:"), os.environ)
    assert "instancez" in str(refused.diagnostics[0])


def test_the_namespace_admits_no_pod_of_the_host() -> None:
    for part in split(stream_of(with_placeholders(render_stack(staging_plan()).manifests))):
        kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=part)
    refused = kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=OF_THE_HOST)
    assert 'violates PodSecurity "restricted:v1.33"' in refused.stderr


def test_the_facts_are_read_from_the_server() -> None:
    spec = parse(staging({}, {"context": CONTEXT}), "staging")
    cluster = inspect_cluster(spec, "staging", os.environ)
    uid = Kubectl(CONTEXT, os.environ).get("/api/v1/namespaces/kube-system")
    assert (cluster.no_answer, cluster.missing_rights, cluster.unread) == ("", (), ())
    assert uid is not None
    assert str(cluster.uid) in str(uid)
    assert "postgresql.cnpg.io/v1/clusters" in cluster.served
