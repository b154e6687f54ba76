"""Stateful Google APIs of a warm standby: instances, scaling, schedules, transfers and backends that requests change."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from providers.contract.cli import CliCommand, CliFailure
from tests.gcp.scripted_google import NEW, OLD, PROJECT, ScriptedGoogle, body_of, described, lag
from tests.gcp.test_warm import HOME, STANDBY

INSTANCES = {HOME: OLD, STANDBY: NEW}
TRANSFERS = {STANDBY: "transferJobs/11", HOME: "transferJobs/22"}
"""Transfers into the bucket of each region."""
REGIONAL = re.compile(rf"locations/(?P<region>{HOME}|{STANDBY})/(?P<kind>\w+)(?:/(?P<name>[\w-]+))?(?::(?P<verb>\w+))?")


class FakeGoogle(ScriptedGoogle):
    """APIs that keep what requests change; a region that is lost answers nothing, and its database follows when it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = ""
        self.primary = HOME
        """Region whose database writes."""
        self.follows = {HOME: True, STANDBY: True}
        """False for a database that a promotion without a designation has left as one that writes."""
        self.designated: str = ""
        """Name of the replica for disaster recovery."""
        self.promotions: list[str] = []
        self.stopped: dict[str, set[str]] = {HOME: set(), STANDBY: set()}
        """Services and schedules of each region that were stopped."""
        self.transfers = dict.fromkeys(TRANSFERS.values(), "ENABLED")
        self.served = ""
        """Region of the entry's backends, once it was changed."""

    def output(self, command: CliCommand) -> str:
        self.commands.append(command)
        request, body = described(command), body_of(command) or {}
        found = REGIONAL.search(request)
        if found is not None and not request.split()[1].startswith(("sqladmin", "compute", "storagetransfer")):
            return json.dumps(self._regional(request, found, body))
        return json.dumps(self._global(request, command, body))

    def succeeds(self, command: CliCommand) -> bool:
        try:
            self.output(command)
        except CliFailure:
            return False
        return True

    def _regional(self, request: str, found: re.Match[str], body: dict[str, Any]) -> object:
        region, name, verb = found["region"], found["name"], found["verb"]
        if region == self.lost:
            raise CliFailure("curl", "timed out", "")
        if verb in ("pause", "resume"):
            self._stop(region, name, stopped=verb == "pause")
        elif "updateMask=scaling" in request:
            scaling = body["scaling"]
            self._stop(region, name, stopped=scaling.get("manualInstanceCount") == 0)
        paused = "PAUSED" if name in self.stopped[region] else "ENABLED"
        return {"terminalCondition": {"state": "CONDITION_SUCCEEDED"}, "state": paused}

    def _stop(self, region: str, name: str, *, stopped: bool) -> None:
        (self.stopped[region].add if stopped else self.stopped[region].discard)(name)

    def _global(self, request: str, command: CliCommand, body: dict[str, Any]) -> object:
        api, path = request.split()[1], request.split()[2]
        if api == "monitoring":
            return lag(0)
        if api == "storagetransfer":
            return self._transfer(path, body)
        if api == "compute":
            group = body["backends"][0]["group"]
            self.served = HOME if f"/regions/{HOME}/" in group else STANDBY
            return {}
        if "/operations" in path:
            return {"items": []}
        if request.startswith("GET"):
            return self._instances(parse_qs(urlsplit(command.arguments[-1]).query)["filter"][0])
        if request.startswith("PATCH"):
            self.designated = body["replicationCluster"]["failoverDrReplicaName"].rpartition(":")[2]
            return {}
        return self._promote(path)

    def _instances(self, asked: str) -> object:
        region = next(each for each, name in INSTANCES.items() if asked.endswith(name))
        found: dict[str, object] = {
            "name": INSTANCES[region],
            "state": "RUNNABLE",
            "instanceType": "CLOUD_SQL_INSTANCE",
        }
        if region != self.primary and self.follows[region]:
            found["instanceType"] = "READ_REPLICA_INSTANCE"
            found["masterInstanceName"] = f"{PROJECT}:{INSTANCES[self.primary]}"
            found["replicationCluster"] = {"drReplica": self.designated == INSTANCES[region]}
        return {"items": [found]}

    def _promote(self, path: str) -> object:
        name, verb = re.findall(r"instances/([\w-]+)/(\w+)", path)[0]
        region = next(each for each, of in INSTANCES.items() if of == name)
        assert region != self.primary, "a database is promoted once"
        assert verb != "switchover" or not self.lost, "a switchover needs both regions"
        self.promotions.append(path.rpartition("/")[2])
        self.follows[self.primary] = verb == "switchover" or "failover=true" in path
        self.designated = INSTANCES[self.primary] if self.follows[self.primary] else ""
        self.primary = region
        return {}

    def _transfer(self, path: str, body: dict[str, Any]) -> object:
        job = re.search(r"transferJobs/\d+", path)
        if job is None:
            return {"done": True}
        if "transferJob" in body:
            self.transfers[job[0]] = body["transferJob"]["status"]
        if path.endswith(":run"):
            assert self.transfers[job[0]] == "ENABLED", "a transfer that is disabled does not run"
        status = self.transfers[job[0]]
        return {"name": "transferOperations/2", "status": status, "latestOperationName": "transferOperations/1"}
