"""Scripted Resource Manager of both locations of a stack on Azure, behind `curl` and `az`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from providers.azure.context import AzureContext
from providers.azure.naming import data_account, server_name
from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack
from tests.azure.fake_shell import text
from tests.azure.plans import spec_of
from tests.azure.warm_plans import HOME, RECOVERY, STANDBY
from tests.planning import DROP, JOBS

UNUSED: Mapping[str, object] = {f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")}
NO_OBJECTS: Mapping[str, object] = {"storage": DROP, "services.gateway.uses": ["database", "cache"]}
NO_DATABASE: Mapping[str, object] = {"database": DROP, **UNUSED}
GROUPS = {region: f"/resourceGroups/prod-agents-{region}/" for region in (HOME, STANDBY)}


def stack(active: str = HOME, changes: Mapping[str, object] | None = None) -> DeployedStack:
    recovery = {**RECOVERY, "active_region": active}
    spec = spec_of({"recovery": recovery, "jobs": JOBS, **(changes or {})})
    resources = (
        DeployedResource(
            "prod-entry-endpoint", "azure-native:cdn:AFDEndpoint", "e", {"hostName": "prod-1a.z01.azurefd.net"}
        ),
        DeployedResource("prod-eastus-channels-slack", "azure-native:logic:Workflow", "/workflows/w", {}),
    )
    return DeployedStack("prod", spec, resources)


def context(region: str) -> AzureContext:
    return AzureContext(stack().spec, "prod", region)


SERVERS = {region: server_name(context(region)) for region in (HOME, STANDBY)}
ACCOUNTS = {region: data_account(context(region)) for region in (HOME, STANDBY)}


class FakeAzure:
    """Resource Manager of both locations: what `curl` reads, and what `az rest` and other commands change."""

    def __init__(self, lost: str = "") -> None:
        self.lost, self.bodies = lost, dict[str, dict[str, Any]]()
        self.commands: list[CliCommand] = []
        self.servers: dict[str, dict[str, Any] | None] = {
            HOME: {"state": "Ready", "replicationRole": "Primary"},
            STANDBY: {
                "state": "Ready",
                "replicationRole": "GeoAsyncReplica",
                "replica": {"role": "GeoAsyncReplica", "replicationState": "Active"},
            },
        }
        self.delays: Sequence[float | None] = (4.0, 2.0, None)
        self.states = {
            region: {name: "Running" for name in APPS} | {"prod-nightly": "Ready"} for region in (HOME, STANDBY)
        }
        self.not_ready: set[str] = set()
        self.endpoint: tuple[str, str] | None = None
        """Location of the primary that has it, and the location of its reader."""
        self.origins: dict[str, str] = {}
        """State of the origins of each location, once it was changed."""
        self.promotions: list[str] = []
        """Options of the promotions that were requested."""
        self.policies: dict[str, list[dict[str, Any]]] = {HOME: [], STANDBY: []}

    def output(self, command: CliCommand) -> str:
        self.commands.append(command)
        words = command.arguments
        region = next((each for each, group in GROUPS.items() if group in " ".join(_urls(words))), "")
        if words[0] == "curl" and "--config" not in words:
            if region and region == self.lost:
                raise CliFailure("curl", "timed out", "")
            return json.dumps(self._read(words[-1], region))
        if words[1:4] == ("afd", "origin", "update"):
            self.origins[words[words.index("--origin-name") + 1]] = words[words.index("--enabled-state") + 1]
        if words[:2] != ("az", "rest"):
            return ""
        if region and region == self.lost:
            raise CliFailure("az", "timed out", "")
        method, url = words[words.index("--method") + 1], words[words.index("--url") + 1]
        body = json.loads(words[words.index("--body") + 1]) if "--body" in words else {}
        return json.dumps(self._change(method, url.partition("?")[0], region, body))

    def succeeds(self, command: CliCommand) -> bool:
        try:
            self.output(command)
        except CliFailure:
            return False
        return True

    def stream(self, command: CliCommand) -> int:
        raise AssertionError(command)

    def sleep(self, seconds: float, /) -> None:
        raise AssertionError(seconds)

    def _read(self, url: str, region: str) -> object:
        if "/Microsoft.Insights/metrics" in url:
            return {
                "value": [{"timeseries": [{"data": [{"maximum": each} for each in self.delays if each is not None]}]}]
            }
        if "/flexibleServers" in url:
            found = self.servers[region]
            return {"value": [] if found is None else [{"name": SERVERS[region], "properties": found}]}
        states = self.states[region]
        if "/containerApps" in url:
            return {"value": [{"name": name, "properties": self._app(name, states[name])} for name in APPS]}
        return {"value": [{"name": "prod-nightly", "properties": {"runningState": states["prod-nightly"]}}]}

    def _app(self, name: str, state: str) -> object:
        ready = f"{name}--1" if name in self.not_ready else f"{name}--2"
        return {"runningStatus": state, "latestRevisionName": f"{name}--2", "latestReadyRevisionName": ready}

    def _change(self, method: str, path: str, region: str, body: dict[str, Any]) -> object:
        last = path.rpartition("/")[2]
        if method == "post":
            name = path.split("/")[-2]
            self.states[region][name] = {
                "stop": "Stopped",
                "start": "Running",
                "suspend": "Suspended",
                "resume": "Ready",
            }[last]
        elif "/virtualendpoints" in path:
            return self._endpoint(method, path, region, body)
        elif "/objectReplicationPolicies" in path:
            return self._policy(method, last, region, body)
        elif method == "patch":
            self._promote(region, body)
        return {}

    def _promote(self, region: str, body: dict[str, Any]) -> None:
        """Swap the roles of both servers; the one of a location that is lost follows as soon as it answers."""
        self.bodies["promotion"] = body
        self.promotions.append(body["properties"]["replica"]["promoteOption"])
        other = STANDBY if region == HOME else HOME
        self.servers[region] = {"state": "Ready", "replicationRole": "Primary"}
        self.servers[other] = {
            "state": "Ready",
            "replicationRole": "GeoAsyncReplica",
            "replica": {"role": "GeoAsyncReplica", "replicationState": "Active"},
        }

    def _endpoint(self, method: str, path: str, region: str, body: dict[str, Any]) -> object:
        if method == "get":
            reader = self.endpoint[1] if self.endpoint and self.endpoint[0] == region else None
            members = {"properties": {"members": [SERVERS[reader]]}} if reader else None
            return {"value": [{"name": "existing", **members}] if members else []}
        self.bodies["endpoint"] = body
        (member,) = body["properties"]["members"]
        self.endpoint = (region, next(each for each, name in SERVERS.items() if name == member))
        return {}

    def _policy(self, method: str, last: str, region: str, body: dict[str, Any]) -> object:
        if method == "get":
            return {"value": [{"properties": each} for each in self.policies[region]]}
        if method == "delete":
            self.policies[region] = [each for each in self.policies[region] if each["policyId"] != last]
            return {}
        self.bodies[f"policy {region}"] = body
        policy: dict[str, Any] = {**body["properties"], "policyId": "p1" if last == "default" else last}
        policy["rules"] = [{"ruleId": "r1", **policy["rules"][0]}]
        self.policies[region].append(policy)
        return {"properties": policy}

    @property
    def texts(self) -> list[str]:
        return [text(command) for command in self.commands]


APPS = ("prod-gateway", "prod-chat", "prod-worker")


def _urls(words: Sequence[str]) -> list[str]:
    return [word for word in words if word.startswith("https://management.azure.com/")]
