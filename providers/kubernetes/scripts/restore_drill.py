"""Restore the newest backup into a Cluster of its own, query it, delete it, and print the evidence as a JSON object.

Runs in a pod of the CronJob `drill`, with Python's standard library only. The API server is asked with the token of the pod's
service account. DRILL_FILES is the folder with this script, the manifest and `drill_query.sh`.
"""

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]
"""Object of the API server."""
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
FILES = Path(os.environ.get("DRILL_FILES", "/etc/agent-platform"))
RESTORE_SECONDS = int(os.environ.get("DRILL_RESTORE_SECONDS", "18000"))
DELETE_SECONDS = 600
PAUSE_SECONDS = float(os.environ.get("DRILL_POLL_SECONDS", "10"))
BUSY_SECONDS = 21600
NOT_FOUND = 404


class DrillFailure(Exception):
    """Step that failed; the text is a lower-case clause."""


def request(method: str, path: str, body: Json | None = None) -> Json | None:
    """Return the object in the answer of the API server; None when it does not exist."""
    host = os.environ.get("DRILL_API") or "https://kubernetes.default.svc"
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt")) if host.startswith("https") else None
    token = (ACCOUNT / "token").read_text() if ACCOUNT.exists() else ""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body is not None else None
    query = urllib.request.Request(host + path, data=data, headers=headers, method=method)  # noqa: S310  # the API server
    try:
        with urllib.request.urlopen(query, timeout=30, context=context) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == NOT_FOUND:
            return None
        raise DrillFailure(f"the API server answered {method} {error.code}") from None
    except OSError as error:
        raise DrillFailure(f"the API server cannot be reached: {error}") from None


def paths(manifest: Json) -> tuple[str, str]:
    """Return the path of the clusters of the namespace, and that of the drill's own."""
    clusters = f"/apis/{manifest['apiVersion']}/namespaces/{manifest['metadata']['namespace']}/clusters"
    return clusters, f"{clusters}/{manifest['metadata']['name']}"


def age_seconds(cluster: Json) -> float:
    """Return how long ago a Cluster was created."""
    created = datetime.strptime(cluster["metadata"]["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")
    return (datetime.now(UTC) - created.replace(tzinfo=UTC)).total_seconds()


def delete(path: str) -> bool:
    """Delete the Cluster of the drill and wait until it is gone; return whether it is."""
    deadline = time.monotonic() + DELETE_SECONDS
    request("DELETE", path)
    while time.monotonic() < deadline:
        if request("GET", path) is None:
            return True
        time.sleep(PAUSE_SECONDS)
    return False


def restore(manifest: Json) -> int:
    """Create the Cluster and wait until it is ready; return the seconds."""
    clusters, path = paths(manifest)
    left = request("GET", path)
    if left is not None and age_seconds(left) < BUSY_SECONDS:
        raise DrillFailure("another drill is in progress")
    if left is not None and not delete(path):
        raise DrillFailure("the database of an earlier drill could not be deleted")
    started = time.monotonic()
    status: Json = {}
    if request("POST", clusters, manifest) is None:
        raise DrillFailure("the API server does not serve clusters of CloudNativePG")
    while time.monotonic() < started + RESTORE_SECONDS:
        status = (request("GET", path) or {}).get("status") or {}
        ready = [each for each in status.get("conditions") or [] if each.get("type") == "Ready"]
        if ready and ready[0].get("status") == "True":
            return round(time.monotonic() - started)
        time.sleep(PAUSE_SECONDS)
    raise DrillFailure(
        f"the restore is not ready after {RESTORE_SECONDS} s: {status.get('phaseReason') or status.get('phase')}"
    )


def query() -> str:
    """Run the query; return its number."""
    done = subprocess.run(["/bin/sh", str(FILES / "drill_query.sh")], capture_output=True, text=True, check=False)  # noqa: S603  # no input
    if done.returncode != 0:
        lines = (done.stderr.strip() or "the query failed").splitlines()
        raise DrillFailure(lines[-1])
    return done.stdout.strip().rpartition(" ")[2]


def drill(manifest: Json) -> Json:
    """Run one drill; return its evidence."""
    began = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    evidence: Json = {
        "verified": False,
        "recovery_point": None,
        "recovery_point_time": None,
        "restore_seconds": None,
        "query_result": None,
        "deleted": True,
        "problem": "",
    }
    created = False
    try:
        seconds = restore(manifest)
        created = True
        evidence.update(
            restore_seconds=seconds, recovery_point=os.environ.get("DRILL_FOLDER"), recovery_point_time=began
        )
        evidence.update(query_result=query(), verified=True)
    except DrillFailure as failure:
        created = created or "in progress" not in str(failure)
        evidence["problem"] = str(failure)
    if created:
        try:
            evidence["deleted"] = delete(paths(manifest)[1])
        except DrillFailure as failure:
            evidence.update(deleted=False, problem=evidence["problem"] or str(failure))
    return evidence


def main() -> int:
    """Print the evidence of one drill; exit with 1 unless the backup is good and the copy is gone."""
    evidence = drill(json.loads((FILES / "cluster.json").read_text()))
    print(json.dumps(evidence), flush=True)
    return 0 if evidence["verified"] and evidence["deleted"] else 1


if __name__ == "__main__":
    sys.exit(main())
