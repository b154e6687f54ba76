"""Rollouts in steps on Kubernetes: a Deployment of the new revision beside the stable one, and weights at the entry. Pure.

A step is an update, because the weights are declared: those of an HTTPRoute, or the map of HAProxy. The stable Deployment keeps
its pod template until the new revision receives all requests; then it gets the new one, and the second Deployment is deleted.
Metrics of the new revision come from the Prometheus of the cluster, through the proxy of the API server.
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from providers.contract.cli import CliCommand, CliFailure, DeployedStack, Shell
from providers.contract.json_data import is_list, is_mapping
from providers.contract.naming import next_part
from providers.contract.rollout import ResourceUpdate, RevisionLost, RevisionMetrics, RolloutControl
from providers.contract.smoke import wrong_status
from providers.kubernetes.cli import pods
from providers.kubernetes.cli_runs import context_of, kubectl
from providers.kubernetes.compute.rollout_limits import METRICS_DELAY_SECONDS
from providers.kubernetes.context import block_of, by_haproxy
from providers.kubernetes.resource_traits import DEPLOYMENT

PROMETHEUS = "prometheus-operated:9090"
"""Service that the operator of Prometheus creates beside every Prometheus, and its port."""
MIN_WINDOW_SECONDS = 120
TEMPLATE = "spec.template"
REQUEST_SECONDS = 30
FORWARDED_REQUEST = (
    'folder=$(mktemp -d); mkfifo "$folder/out"; {forward} > "$folder/out" & forwarder=$!; '
    'trap \'kill "$forwarder"; rm -r "$folder"\' EXIT; exec 3< "$folder/out"; read -r line <&3; '
    f"address=$(printf %s \"$line\" | sed -n 's/^Forwarding from \\([^ ]*\\) .*/\\1/p'); "
    f'curl --silent --output /dev/null --max-time {REQUEST_SECONDS} --write-out "%{{{{http_code}}}}" "http://$address$1" || true'
)
"""Script that prints the status of a request to a pod; its first argument is the path."""


@dataclass(frozen=True)
class KubernetesRollout:
    """Control of rollouts on a cluster; see `providers.contract.rollout.RolloutControl` for each member."""

    moves_by: Literal["update", "runtime"] = "update"
    replaces_stable: bool = True
    metrics_delay_seconds: int = METRICS_DELAY_SECONDS

    def resources(self, stack: str, service: str) -> Sequence[str]:
        """Return nothing, so that a step updates the whole stack: the weights of HAProxy are in a new ConfigMap at each step."""
        return ()

    def changes_revision(self, stack: str, service: str, change: ResourceUpdate) -> bool:
        """See `RolloutControl.changes_revision`."""
        is_service = (change.type, change.name) == (DEPLOYMENT, f"{stack}-compute-{service}")
        changed = any(
            path == TEMPLATE or path.startswith((f"{TEMPLATE}.", f"{TEMPLATE}[")) for path in change.properties
        )
        return is_service and change.operation == "update" and changed

    def stable_revision(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """See `RolloutControl.stable_revision`; the image of the Deployment, whose template stays as it is."""
        resource = stack.resource(DEPLOYMENT, f"{stack.name}-compute-{service}")
        if resource is None:
            raise stack.not_deployed(service)
        image = next(_images(resource.outputs), "")
        if not image:
            raise CliFailure(
                f"services.{service}", "its Deployment has no image", f"run `agent-platform refresh {stack.name}`"
            )
        return image

    def set_percent(self, stack: DeployedStack, service: str, percent: int, shell: Shell) -> None:
        """See `RolloutControl.set_percent`; a step is an update here."""
        raise NotImplementedError

    def smoke_test(self, stack: DeployedStack, service: str, path: str, expect_status: int, shell: Shell) -> str:
        """See `RolloutControl.smoke_test`: to a ready pod, past the weights and the policies, which admit no other client."""
        ready = [pod.name for pod in pods(stack, next_part(service), shell) if pod.ready]
        if not ready:
            return "no pod of the new revision is ready"
        status = shell.output(forwarded_request(stack, ready[0], stack.spec.services[service].port or 0, path)).strip()
        return "" if status == str(expect_status) else wrong_status(path, expect_status, status)

    def metrics(self, stack: DeployedStack, service: str, since_seconds: float, shell: Shell) -> RevisionMetrics:
        """See `RolloutControl.metrics`."""
        if not any(pod.ready for pod in pods(stack, next_part(service), shell)):
            raise RevisionLost("no pod of the new revision is ready")
        queries = queries_of(stack, service, max(MIN_WINDOW_SECONDS, round(since_seconds)))
        values = {name: _value(stack, query, shell) for name, query in queries.items()}
        return RevisionMetrics(
            requests=round(values["requests"] or 0),
            errors=round(values["errors"] or 0),
            latency_seconds=values["latency"],
        )

    def after_abort(self, stack: DeployedStack, service: str, stable: str, shell: Shell) -> None:
        """Do nothing: the update has deleted the Deployment of the new revision."""


def forwarded_request(stack: DeployedStack, pod: str, port: int, path: str) -> CliCommand:
    """Return the command that prints the status of a request, which the kubelet forwards into the pod."""
    forward = shlex.join(kubectl(stack, "port-forward", f"pod/{pod}", f":{port}").arguments)
    return CliCommand(("sh", "-c", FORWARDED_REQUEST.format(forward=forward), "sh", path))


def queries_of(stack: DeployedStack, service: str, window_seconds: int) -> Mapping[str, str]:
    """Return the queries for requests, errors and latency of the new revision: by HAProxy where it is the entry."""
    title, namespace, window = next_part(service), context_of(stack).namespace, f"{window_seconds}s"
    if by_haproxy(stack.spec):
        labels = f'namespace="{namespace}",proxy="{title}"'
        return {
            "requests": f"sum(increase(haproxy_backend_http_requests_total{{{labels}}}[{window}]))",
            "errors": f'sum(increase(haproxy_backend_http_responses_total{{{labels},code="5xx"}}[{window}]))',
            "latency": f"max(haproxy_backend_response_time_average_seconds{{{labels}}})",
        }
    labels, name = f'namespace="{namespace}",job="{title}"', "http_server_request_duration_seconds"
    return {
        "requests": f"sum(increase({name}_count{{{labels}}}[{window}]))",
        "errors": f'sum(increase({name}_count{{{labels},http_response_status_code=~"5.."}}[{window}]))',
        "latency": f"histogram_quantile(0.95, sum by (le) (rate({name}_bucket{{{labels}}}[{window}])))",
    }


def prometheus_query(stack: DeployedStack, query: str) -> CliCommand:
    """Return the command that asks the Prometheus of the cluster."""
    namespace = block_of(stack.spec).monitoring_namespace
    path = f"/api/v1/namespaces/{namespace}/services/http:{PROMETHEUS}/proxy/api/v1/query?query={quote(query, safe='')}"
    return kubectl(stack, "get", "--raw", path)


def _value(stack: DeployedStack, query: str, shell: Shell) -> float | None:
    """Value of an instant query; None without a sample. Raises CliFailure for an answer of another program."""
    answer: object = json.loads(shell.output(prometheus_query(stack, query)) or "null")
    data = answer.get("data") if is_mapping(answer) else None
    result = data.get("result") if is_mapping(data) else None
    if not is_list(result):
        fix = f"set kubernetes.monitoring_namespace to the namespace of the Service {PROMETHEUS.partition(':')[0]}"
        raise CliFailure("kubernetes.monitoring_namespace", "no Prometheus answers there", fix)
    for sample in result:
        value = sample.get("value") if is_mapping(sample) else None
        if is_list(value) and value[-1] not in ("NaN", None):
            return float(str(value[-1]))
    return None


def _images(outputs: Mapping[str, object]) -> Iterator[str]:
    value: object = outputs
    for key in ("spec", "template", "spec", "containers"):
        value = value.get(key) if is_mapping(value) else None
    for container in value if is_list(value) else []:
        if is_mapping(container):
            yield str(container.get("image", ""))


CONTROL: RolloutControl = KubernetesRollout()
