"""Programs of the control plane: their start on free ports, the kubeconfig, and their end."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import yaml

from tests.kubernetes.control_plane.client import ApiClient
from tests.kubernetes.control_plane.definitions import definitions
from tests.local.poll import eventually
from tests.ports import free_port

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "openssl")
"""Programs of the control plane, all of one minor version of Kubernetes."""
SCHEDULER = "kube-scheduler"
"""Program that gives pods to nodes, where there are some."""
CONTEXT = "acme-prod"
"""Context of the kubeconfig, of an administrator."""
USERS = ("deployer", "stranger")
"""Users without any right, each with a context of its name; their requests are in the audit log."""
AUDIT_LOG = "audit.log"
ADMINISTRATOR = "administrator"
"""Kubeconfig of the controllers and the scheduler."""
START_SECONDS, END_SECONDS, COMMAND_SECONDS = 300, 20, 120
ISSUER = "https://kubernetes.default.svc"


def missing_programs(*others: str) -> str:
    """Programs of the control plane and others that are not on PATH; empty when all are."""
    lacking = [name for name in (*PROGRAMS, *others) if shutil.which(name) is None]
    return f"not on PATH: {', '.join(lacking)}" if lacking else ""


@dataclass
class ControlPlane:
    """Running control plane, with its files in a folder."""

    home: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, "subprocess.Popen[bytes]"])
    ports: dict[str, int] = field(default_factory=dict[str, int])
    """Ports by program."""
    tokens: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """Tokens by context."""

    @property
    def kubeconfig(self) -> Path:
        """Kubeconfig with the context above."""
        return self.home / "kubeconfig"

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables with which kubectl and the provider find the server."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig)}

    @property
    def authority(self) -> Path:
        """Certificates of the API server."""
        return self.home / "certs" / "apiserver.crt"

    def client(self, context: str = CONTEXT) -> ApiClient:
        """Return a client of the user of a context, for one thread."""
        return ApiClient(self.ports["api"], self.authority, self.tokens[context])

    def kubectl(self, *arguments: str, stdin: str | None = None, context: str = CONTEXT) -> str:
        """Return the output of kubectl; fails with its errors."""
        done = subprocess.run(
            ("kubectl", f"--context={context}", *arguments), input=stdin, env=dict(self.environment),
            capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, f"kubectl {' '.join(arguments[:4])}: {done.stderr[-1500:]}"
        return done.stdout

    def start(self, name: str, *options: str) -> None:
        """Start a program in the folder; its output is in `<name>.log`."""
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                (name, *options),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, name: str) -> None:
        """End a program."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def start_api_server(self) -> None:
        """Start the API server and wait until it answers."""
        self.start(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self.ports['etcd']}",
            "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={self.ports['api']}",
            "--cert-dir=certs", "--service-cluster-ip-range=10.96.0.0/16", "--endpoint-reconciler-type=none",
            f"--service-account-issuer={ISSUER}", "--service-account-key-file=accounts.pub",
            "--service-account-signing-key-file=accounts.key", "--token-auth-file=tokens.csv",
            "--authorization-mode=Node,RBAC", "--enable-priority-and-fairness=false",
            f"--audit-log-path={AUDIT_LOG}", "--audit-policy-file=audit.yaml",
        )  # fmt: skip
        eventually(lambda: self._answers("/readyz"), START_SECONDS)

    def _answers(self, path: str) -> bool:
        assert self.processes["kube-apiserver"].poll() is None, (self.home / "kube-apiserver.log").read_text()[-1500:]
        command = ("kubectl", f"--context={CONTEXT}", "--request-timeout=5s", "get", "--raw", path)
        return subprocess.run(command, env=dict(self.environment), capture_output=True, check=False).returncode == 0


@contextmanager
def control_plane(home: Path) -> Generator[ControlPlane]:
    """Start a control plane in a folder, with CRDs; it ends after the block."""
    plane = ControlPlane(home, ports={name: free_port() for name in ("etcd", "peers", "api")})
    _write_files(plane)
    client, peers = (f"http://127.0.0.1:{plane.ports[name]}" for name in ("etcd", "peers"))
    try:
        plane.start(
            "etcd", "--data-dir=etcd", "--unsafe-no-fsync",
            f"--listen-client-urls={client}", f"--advertise-client-urls={client}", f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}", f"--initial-cluster=default={peers}",
        )  # fmt: skip
        plane.start_api_server()
        _start_controllers(plane)
        _create_definitions(plane)
        yield plane
    finally:
        for name in reversed(list(plane.processes)):
            plane.stop(name)


def _write_files(plane: ControlPlane) -> None:
    """Key of service accounts, tokens of the users, policy of the audit log, and the kubeconfig."""
    plane.tokens.update({name: token_hex() for name in (CONTEXT, *USERS)})
    rows = (
        f"{plane.tokens[CONTEXT]},admin,admin,system:masters",
        *(f"{plane.tokens[name]},{name},{name}" for name in USERS),
    )
    (plane.home / "tokens.csv").write_text("\n".join(rows), encoding="utf-8")
    key, public = plane.home / "accounts.key", plane.home / "accounts.pub"
    for command in (("genrsa", "-out", key, "2048"), ("rsa", "-in", key, "-pubout", "-out", public)):
        subprocess.run(("openssl", *map(str, command)), check=True, capture_output=True)
    rules = [{"level": "Metadata", "users": list(USERS), "omitStages": ["RequestReceived"]}, {"level": "None"}]
    audit = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules}
    (plane.home / "audit.yaml").write_text(yaml.safe_dump(audit), encoding="utf-8")
    server = {"server": f"https://127.0.0.1:{plane.ports['api']}", "certificate-authority": str(plane.authority)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": server}],
        "users": [{"name": name, "user": {"token": token}} for name, token in plane.tokens.items()],
        "contexts": [{"name": name, "context": {"cluster": CONTEXT, "user": name}} for name in plane.tokens],
    }
    plane.kubeconfig.write_text(yaml.safe_dump(document), encoding="utf-8")
    plane.kubeconfig.chmod(0o600)


def _start_controllers(plane: ControlPlane) -> None:
    """Start the controllers, which delete what is in a deleted namespace."""
    # these programs use the current context, which the kubeconfig of the tests does not have
    own = plane.home / ADMINISTRATOR
    own.write_text(plane.kubeconfig.read_text(encoding="utf-8") + f"current-context: {CONTEXT}\n", encoding="utf-8")
    plane.start(
        "kube-controller-manager", f"--kubeconfig={own}", "--leader-elect=false", "--secure-port=0",
        "--service-account-private-key-file=accounts.key", "--root-ca-file=certs/apiserver.crt",
        "--horizontal-pod-autoscaler-sync-period=5s", "--pvclaimbinder-sync-period=2s",
    )  # fmt: skip


def start_scheduler(plane: ControlPlane) -> None:
    """Start the scheduler of a control plane that has nodes."""
    own = plane.home / ADMINISTRATOR
    plane.start(SCHEDULER, f"--kubeconfig={own}", "--leader-elect=false", "--secure-port=0")


def _create_definitions(plane: ControlPlane) -> None:
    """Create the CRDs and wait until they are served."""
    manifests = [each.manifest for each in definitions()]
    listed = {"apiVersion": "v1", "kind": "List", "items": manifests}
    # the server validates; kubectl would first read all schemas, which takes it longer than its timeout on a busy machine
    plane.kubectl("create", "--validate=false", "-f", "-", stdin=json.dumps(listed))
    # `kubectl wait` fails for an object that has no conditions yet
    eventually(lambda: _served(plane) == len(manifests), START_SECONDS)


def _served(plane: ControlPlane) -> int:
    """Count the CRDs that the server has accepted."""
    items = json.loads(plane.kubectl("get", "crd", "--output=json"))["items"]
    conditions = [each for item in items for each in item["status"].get("conditions") or ()]
    return sum(each["type"] == "Established" and each["status"] == "True" for each in conditions)
