"""Restore drill: its objects, its program against a fake API server, and its commands."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from automation.plan.inventory import Inventory
from providers.contract.json_data import is_mapping, mappings
from providers.kubernetes.drill.limits import SCRIPT, drill_adjustments, drill_refusals
from tests.kubernetes.manifests import manifest
from tests.kubernetes.platforms import EXTERNAL, spec_of, staging
from tests.planning import DRILL, plan

CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/agents/clusters"
MANIFEST = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": "database-drill", "namespace": "agents"},
    "spec": {},
}
GOOD_QUERY, BAD_QUERY = (
    "#!/bin/sh\necho 'the query returned 42'\n",
    "#!/bin/sh\necho 'ERROR: no such table' >&2; exit 1\n",
)


def inventory() -> Inventory:
    """Return staging with a drill."""
    return plan(staging({"recovery": {"drill": {**DRILL, "schedule": "30 4 * * 0"}}}), stack="staging")


def test_a_drill_runs_at_its_times_and_never_beside_another() -> None:
    spec = manifest(inventory().one("staging-drill-schedule"))["spec"]
    assert is_mapping(spec)
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == ("30 4 * * 0", "Etc/UTC", "Forbid")
    assert "'backoffLimit': 0" in str(spec)
    assert "'automountServiceAccountToken': True" in str(spec)


def test_its_role_creates_clusters_and_deletes_its_own_only() -> None:
    rules = mappings(manifest(inventory().one("staging-drill-role"))["rules"])
    assert [(rule["resources"], rule["verbs"], rule.get("resourceNames")) for rule in rules] == [
        (["clusters"], ["create"], None),
        (["clusters"], ["get", "delete"], ["database-drill"]),
    ]


def test_the_restored_cluster_reads_the_backups_and_archives_nothing() -> None:
    data = str(inventory().one("staging-drill-files").inputs["data"])
    assert "database-drill" in data
    assert "random:RandomString staging-database-folder" in data
    assert "isWALArchiver" not in data
    assert '\\"instances\\": 1' in data or '"instances": 1' in data


def test_the_restored_server_has_a_password_of_its_own() -> None:
    names = {each.name for each in inventory().resources}
    assert {"staging-drill-login", "staging-drill-password"} <= names


def test_only_the_drill_reaches_the_restored_server() -> None:
    policy = manifest(inventory().one("staging-drill-database-drill", "networking.k8s.io:NetworkPolicy"))["spec"]
    assert is_mapping(policy)
    clients = mappings(policy["ingress"])[0]
    assert "'drill'" in str(clients["from"])
    assert "gateway" not in str(policy)


def test_a_drill_of_an_external_server_is_refused() -> None:
    changes = {"recovery": {"drill": DRILL}, "database": {}, "cache": {"eviction": "volatile-lru"}}
    refused = drill_refusals(spec_of(staging(changes, EXTERNAL), check=False), "staging")
    assert [each.key for each in refused] == ["recovery.drill"]


def test_the_capacity_that_a_drill_needs_is_stated() -> None:
    (adjustment,) = drill_adjustments(spec_of(staging({"recovery": {"drill": DRILL}})))
    assert "50 GiB" in adjustment.reason


class FakeServer:
    """API server with one Cluster, which becomes ready after some questions."""

    def __init__(self, *, ready_after: int, present: datetime | None = None, keeps: bool = False) -> None:
        self.cluster: dict[str, object] | None = None
        self.ready_after, self.keeps, self.asked = ready_after, keeps, 0
        self.calls: list[tuple[str, str]] = []
        if present is not None:
            self.cluster = {**MANIFEST, "metadata": {"creationTimestamp": f"{present:%Y-%m-%dT%H:%M:%SZ}"}}

    def answer(self, method: str, path: str) -> tuple[int, object]:
        """Return status and object of a request."""
        self.calls.append((method, path))
        if method == "POST":
            created: dict[str, object] = {**MANIFEST, "status": {"phase": "Setting up primary"}}
            self.cluster, self.asked = created, 0
            return 201, self.cluster
        if self.cluster is None:
            return 404, {}
        if method == "DELETE":
            if not self.keeps:
                self.cluster = None
            return 200, {}
        self.asked += 1
        if "status" in self.cluster and self.asked >= self.ready_after:
            self.cluster["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}
        return 200, self.cluster


@contextmanager
def serving(server: FakeServer) -> Generator[str]:
    """Serve a fake API server; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            status, body = server.answer(self.command, self.path)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}"
    finally:
        listener.shutdown()
        listener.server_close()


def run(folder: Path, server: FakeServer, query: str = GOOD_QUERY, **variables: str) -> tuple[int, dict[str, object]]:
    """Run the program of the drill; return its exit code and evidence."""
    (folder / "cluster.json").write_text(json.dumps(MANIFEST))
    (folder / "drill_query.sh").write_text(query)
    with serving(server) as address:
        settings = {
            "DRILL_FILES": str(folder),
            "DRILL_API": address,
            "DRILL_POLL_SECONDS": "0.01",
            "DRILL_FOLDER": "database-x1y2z3",
            **variables,
        }
        done = subprocess.run(
            [sys.executable, str(SCRIPT)],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert not done.stderr, done.stderr
    evidence: object = json.loads(done.stdout)
    assert is_mapping(evidence)
    return done.returncode, evidence


def test_a_good_backup_is_restored_queried_and_deleted(tmp_path: Path) -> None:
    server = FakeServer(ready_after=3)
    code, evidence = run(tmp_path, server)
    assert code == 0
    assert (evidence["verified"], evidence["deleted"], evidence["query_result"]) == (True, True, "42")
    assert evidence["recovery_point"] == "database-x1y2z3"
    assert server.cluster is None
    assert ("POST", CLUSTERS) in server.calls


def test_a_query_that_fails_leaves_no_database_and_says_why(tmp_path: Path) -> None:
    server = FakeServer(ready_after=1)
    code, evidence = run(tmp_path, server, BAD_QUERY)
    assert code == 1
    assert (evidence["verified"], evidence["deleted"]) == (False, True)
    assert evidence["problem"] == "ERROR: no such table"
    assert server.cluster is None


def test_a_restore_that_never_ends_is_deleted(tmp_path: Path) -> None:
    server = FakeServer(ready_after=10**6)
    code, evidence = run(tmp_path, server, DRILL_RESTORE_SECONDS="1")
    assert code == 1
    assert "Setting up primary" in str(evidence["problem"])
    assert server.cluster is None


def test_a_drill_in_progress_is_left_alone(tmp_path: Path) -> None:
    server = FakeServer(ready_after=1, present=datetime.now(UTC) - timedelta(minutes=5))
    code, evidence = run(tmp_path, server)
    assert code == 1
    assert evidence["problem"] == "another drill is in progress"
    assert server.cluster is not None
    assert "DELETE" not in {method for method, _ in server.calls}


def test_what_an_earlier_drill_left_is_deleted_first(tmp_path: Path) -> None:
    server = FakeServer(ready_after=1, present=datetime.now(UTC) - timedelta(days=2))
    code, _ = run(tmp_path, server)
    assert code == 0
    methods = [method for method, _ in server.calls]
    assert methods.index("DELETE") < methods.index("POST")


@pytest.mark.parametrize("name", ["DRILL_API"])
def test_a_server_that_does_not_answer_is_a_failure_without_a_traceback(tmp_path: Path, name: str) -> None:
    code, evidence = run(tmp_path, FakeServer(ready_after=1), **{name: "http://127.0.0.1:9"})
    assert code == 1
    assert "cannot be reached" in str(evidence["problem"])
