"""Diagnosis of objects that could not be created or that never became ready: the key, the cause and a fix.

The cause comes from the error of the API server, or from the status of the pods: images, volumes, nodes, exit codes. Logs are
not read; `agent-platform logs` prints them.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from providers.contract.preflight import Diagnosis, Environment, FailedResource, HostUnreachable
from providers.contract.spec import Platform
from providers.kubernetes.context import block_of
from providers.kubernetes.naming import namespace_name
from providers.kubernetes.preflight.kubectl import (
    ClusterUnreachable,
    Fields,
    Kubectl,
    QueryForbidden,
    fields,
    rows,
    text,
    whole_number,
)

WORKLOADS = ("Deployment", "StatefulSet", "Job", "Service", "Cluster")
"""Kinds whose readiness depends on pods."""
UNKNOWN_KIND = re.compile(r"no matches for kind \"(?P<kind>\w+)\" in version \"(?P<version>[\w./]+)\"")
QUOTA = re.compile(
    r"exceeded quota: (?P<quota>[\w.-]+), requested: (?P<requested>[^\s]+), used: (?P<used>[^\s]+), limited: (?P<limited>\S+)"
)
NOT_ALLOWED = re.compile(r"cannot (?P<verb>\w+) resource \"(?P<resource>[\w/]+)\" in API group \"(?P<group>[\w.]*)\"")
POD_SECURITY = re.compile(r"violates PodSecurity \"(?P<level>[\w:.]+)\": (?P<reason>[^\n]+)")
EXISTS = re.compile(r"(?P<object>\w[\w.]* \"[\w.-]+\") already exists")
PULL_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
CONFIG_REASONS = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
OUT_OF_MEMORY = "OOMKilled"
MAX_MESSAGE = 300


class PodFault(NamedTuple):
    """Cause in the status of a pod, as a clause, and the fix."""

    problem: str
    fix: str


def explain(spec: Platform, stack: str, failed: FailedResource, environment: Environment) -> Diagnosis | None:
    """Diagnosis of an object of Kubernetes; None when neither the error nor the pods name a cause."""
    if not failed.type.startswith("kubernetes:"):
        return None
    found = error_diagnosis(stack, failed)
    if found is not None or failed.type.rpartition(":")[2] not in WORKLOADS:
        return found
    part = (
        failed.name.rpartition("-compute-")[2] if "-compute-" in failed.name else component_of(spec, stack, failed.name)
    )
    try:
        pods = pods_of(Kubectl(block_of(spec).context, environment), namespace_name(spec, stack), stack, part)
    except QueryForbidden:
        return None
    except ClusterUnreachable as error:
        raise HostUnreachable(str(error)) from None
    key = f"services.{part}" if part in spec.services else part
    fault = next((fault for pod in pods for fault in pod_faults(pod, stack, part)), None)
    return None if fault is None else Diagnosis(f"{key}: {fault.problem}", fault.fix)


def component_of(spec: Platform, stack: str, name: str) -> str:
    """Return the component in a logical name: `cache` of `prod-cache-server`, `cache-answers` of `prod-cache-answers-server`."""
    rest = name.removeprefix(f"{stack}-")
    named = (cache.part for cache in spec.all_caches if cache.name)
    return next((part for part in named if rest.startswith(f"{part}-")), rest.partition("-")[0])


def pods_of(kubectl: Kubectl, namespace: str, stack: str, component: str) -> tuple[Fields, ...]:
    """Return the pods of a component, newest first; those of the operator of the database have its own label."""
    own = f"app.kubernetes.io/instance%3D{stack},app.kubernetes.io/component%3D{component}"
    selectors = (own, f"cnpg.io/cluster%3D{component}") if component == "database" else (own,)
    pods = [
        pod for each in selectors for pod in kubectl.items(f"/api/v1/namespaces/{namespace}/pods?labelSelector={each}")
    ]
    return tuple(sorted(pods, key=lambda pod: text(pod, "metadata", "creationTimestamp"), reverse=True))


def error_diagnosis(stack: str, failed: FailedResource) -> Diagnosis | None:
    """Diagnosis from the error of the API server; None when it is not one of the known ones."""
    part, again = failed.name.removeprefix(f"{stack}-"), f"run `agent-platform up {stack}` again"
    if found := UNKNOWN_KIND.search(failed.text):
        problem = f"{part} is a {found['kind']}, and the cluster does not serve {found['version']}"
        return Diagnosis(problem, f"run `agent-platform doctor {stack}`, which names the operator to install")
    if found := QUOTA.search(failed.text):
        problem = f"{part} exceeds the quota {found['quota']}: {found['requested']} is requested"
        return Diagnosis(
            f"{problem}, {found['used']} used, {found['limited']} allowed", f"raise the quota, and {again}"
        )
    if found := NOT_ALLOWED.search(failed.text):
        resource = f"{found['resource']}{'.' if found['group'] else ''}{found['group']}"
        return Diagnosis(f"{part}: this user may not {found['verb']} {resource}", f"grant it, and {again}")
    if found := POD_SECURITY.search(failed.text):
        problem = f"{part} violates the Pod Security standard {found['level']}: {found['reason'].strip()}"
        return Diagnosis(problem, "remove what the message names; the namespace admits restricted pods alone")
    if found := EXISTS.search(failed.text):
        problem = f"{part}: {found['object']} exists in the cluster, and not in the state of the stack"
        return Diagnosis(problem, f"run `agent-platform recover {stack}`, or delete it with kubectl")
    return None


def pod_faults(pod: Fields, stack: str, part: str) -> Iterator[PodFault]:
    """Yield the causes for which a pod is not ready, the plainest first."""
    name, status = text(pod, "metadata", "name"), fields(pod.get("status"))
    for each in rows(status.get("conditions")):
        if each.get("type") == "PodScheduled" and each.get("status") == "False":
            yield _unschedulable(name, shortened(text(each, "message")))
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in rows(status.get(kind)):
            yield from _container_faults(container, name, stack, part)


def _unschedulable(name: str, message: str) -> PodFault:
    if "PersistentVolumeClaim" in message or "persistentvolumeclaim" in message or "volume" in message:
        fix = "see the claim with `kubectl describe pvc`; kubernetes.storage_class must name a class that makes volumes here"
        return PodFault(f"the pod {name} waits for its volume ({message})", fix)
    return PodFault(f"no node can run the pod {name} ({message})", "add nodes, or use fewer or smaller replicas")


def _container_faults(container: Fields, pod: str, stack: str, part: str) -> Iterator[PodFault]:
    state = fields(container.get("state"))
    waiting, logs = fields(state.get("waiting")), f"run `agent-platform logs {stack} {part}`"
    reason, message = text(waiting, "reason"), shortened(text(waiting, "message"))
    if reason in PULL_REASONS:
        fix = "correct the image, or set image_credentials for its registry"
        yield PodFault(f"the image {text(container, 'image')} cannot be pulled ({message or reason})", fix)
    elif reason in CONFIG_REASONS:
        yield PodFault(f"the pod {pod} cannot start ({message or reason})", f"correct image and command, or {logs}")
    ended = fields(fields(container.get("lastState")).get("terminated")) or fields(state.get("terminated"))
    code = whole_number(ended.get("exitCode"))
    if text(ended, "reason") == OUT_OF_MEMORY:
        yield PodFault(f"the pod {pod} was ended because it used more memory than its size", "use a larger size")
    elif ended and code:
        yield PodFault(f"the process of the pod {pod} ends with the exit code {code}", f"{logs} to see why")
    elif container.get("ready") is False and state.get("running") is not None:
        fix = f"correct health.path and port, or {logs}"
        yield PodFault(f"the pod {pod} runs and does not answer its health check", fix)


def shortened(message: str) -> str:
    """Return a message in one line of limited length."""
    line = " ".join(message.split()).rstrip(".")
    return line if len(line) <= MAX_MESSAGE else f"{line[:MAX_MESSAGE]}..."
