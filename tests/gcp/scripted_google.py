"""Scripted APIs of Google Cloud for a failover: answers, the requests that were sent, and what the discovery documents say of them."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from providers.contract.cli import CliCommand, DeployedResource, DeployedStack
from providers.contract.spec.defaults import Raw
from tests.gcp.google_apis import document, value_errors
from tests.gcp.plans import spec_of
from tests.gcp.test_warm import HOME, RECOVERY, STANDBY

PROJECT = "acme-agents"
OLD, NEW = "prod-database-1a2b3c4", f"prod-{STANDBY}-database-5d6e7f"
APIS = {
    "sqladmin": "v1", "run": "v2", "cloudscheduler": "v1", "storagetransfer": "v1", "compute": "v1", "monitoring": "v1",
    "logging": "v2",
}  # fmt: skip
SERVICES = ("gateway", "chat", "worker")


class ScriptedGoogle:
    """Google's APIs that answer by method and the end of the path, and keep every request."""

    def __init__(self, answers: Mapping[str, object] | None = None, *, reachable: bool = True) -> None:
        self.answers, self.reachable = dict(answers or {}), reachable
        self.commands: list[CliCommand] = []
        self.slept = 0.0

    def output(self, command: CliCommand) -> str:
        self.commands.append(command)
        request = described(command)
        found = next((answer for key, answer in self.answers.items() if re.search(key, request)), {})
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return json.dumps(found)

    def succeeds(self, command: CliCommand) -> bool:
        self.commands.append(command)
        return self.reachable

    def stream(self, command: CliCommand) -> int:
        raise AssertionError(command)

    def sleep(self, seconds: float, /) -> None:
        self.slept += seconds

    @property
    def changes(self) -> list[str]:
        return [
            text for text in map(described, self.commands) if not text.startswith("GET") and "prometheus" not in text
        ]


def option(command: CliCommand, name: str) -> str:
    return command.arguments[command.arguments.index(name) + 1]


def body_of(command: CliCommand) -> Any:
    return json.loads(option(command, "--data") or "{}") if "--data" in command.arguments else None


def described(command: CliCommand) -> str:
    """`GET run v2/projects/...?pageSize=1`, which identifies a request."""
    url = urlsplit(command.arguments[-1])
    return f"{option(command, '--request')} {url.netloc.partition('.')[0]} {url.path[1:]}{'?' if url.query else ''}{url.query}"


@cache
def methods(api: str) -> tuple[tuple[str, re.Pattern[str], Mapping[str, Any]], ...]:
    found: list[tuple[str, re.Pattern[str], Mapping[str, Any]]] = []

    def walk(node: Mapping[str, Any]) -> None:
        for method in node.get("methods", {}).values():
            pattern = re.sub(r"\{[^}]*\}", "[^/:]+", method.get("flatPath", method["path"]))
            found.append((method["httpMethod"], re.compile(pattern), method))
        for child in node.get("resources", {}).values():
            walk(child)

    walk(document(api, APIS[api]))
    return tuple(found)


def request_errors(command: CliCommand) -> Sequence[str]:
    """What is wrong with a request: no such method, unknown parameters, and its body."""
    url, verb, body = urlsplit(command.arguments[-1]), option(command, "--request"), body_of(command)
    api = url.netloc.partition(".")[0]
    base = document(api, APIS[api])["servicePath"]
    path = url.path[1:].removeprefix(base)
    matching = [method for http, pattern, method in methods(api) if http == verb and pattern.fullmatch(path)]
    if not matching:
        return [f"{api} has no method {verb} {path}"]
    (method,) = matching
    unknown = [key for key in parse_qs(url.query) if key not in method["parameters"]]
    if "request" not in method:
        return [*unknown, *(["a body"] if body else [])]
    return [*unknown, *value_errors(document(api, APIS[api]), method["request"], body or {}, "body")]


def resource(type_token: str, name: str, outputs: Raw) -> DeployedResource:
    return DeployedResource(name, f"gcp:{type_token}", f"{name}-id", outputs)


def place_of(region: str) -> str:
    return "prod" if region == HOME else f"prod-{region}"


def stack(changes: Mapping[str, object] | None = None, *, without: str = "-") -> DeployedStack:
    found: list[DeployedResource] = []
    for region, instance in ((HOME, OLD), (STANDBY, NEW)):
        place = place_of(region)
        kinds = {
            name: "cloudrunv2/workerPool:WorkerPool" if name == "worker" else "cloudrunv2/service:Service"
            for name in SERVICES
        }
        found += [resource(kind, f"{place}-compute-{name}", {}) for name, kind in kinds.items()]
        found.append(resource("sql/databaseInstance:DatabaseInstance", f"{place}-database", {"name": instance}))
        link = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/regions/{region}/networkEndpointGroups/{place}-ingress-gateway-1"
        group = "compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"
        found.append(resource(group, f"{place}-ingress-gateway", {"selfLink": link}))
        job: dict[str, object] = {"name": "transferJobs/11" if region == HOME else "transferJobs/22"}
        found.append(resource("storage/transferJob:TransferJob", f"{place}-recovery-objects", job))
    found.append(
        resource("compute/backendService:BackendService", "prod-entry-gateway", {"name": "prod-entry-gateway-1a2b3c4"})
    )
    found.append(resource("compute/globalAddress:GlobalAddress", "prod-entry-address", {"address": "203.0.113.7"}))
    found.append(resource("monitoring/alertPolicy:AlertPolicy", "prod-monitoring-failover-notices", {}))
    spec = spec_of({"recovery": RECOVERY, "gcp.project": PROJECT, **(changes or {})})
    return DeployedStack("prod", spec, tuple(each for each in found if without not in each.type))


def instance(name: str, **fields: object) -> dict[str, object]:
    return {"items": [{"name": name, "state": "RUNNABLE", "instanceType": "CLOUD_SQL_INSTANCE", **fields}]}


def replica(**fields: object) -> dict[str, object]:
    source = {"instanceType": "READ_REPLICA_INSTANCE", "masterInstanceName": f"{PROJECT}:{OLD}"}
    return instance(NEW, **{**source, "replicationCluster": {"drReplica": True}, **fields})


def lag(seconds: object) -> dict[str, object]:
    return {"data": {"result": [] if seconds is None else [{"metric": {}, "value": [1.0, str(seconds)]}]}}


def answers(of_instance: object, delay: object = 2, operation: object = None) -> dict[str, object]:
    return {
        r"GET sqladmin .*/instances\?": of_instance,
        r"GET sqladmin .*/operations\?": {"items": [operation] if operation else []},
        r"prometheus": lag(delay),
        r"GET storagetransfer v1/transferJobs": {"latestOperationName": "transferOperations/1"},
        r":run$": {"name": "transferOperations/2"},
        r"GET storagetransfer v1/transferOperations": {"done": True},
        r"GET cloudscheduler": {"state": "ENABLED"},
        r"GET run .*/services/": {"terminalCondition": {"state": "CONDITION_SUCCEEDED"}},
    }
