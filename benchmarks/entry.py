"""Latency that authentication and limits add to requests through the HAProxy of a Docker host.

    python -m benchmarks.entry [--write]

Two HAProxies forward to a third one that answers at once: one has no rules, the other those of a stack with a WAF, limits of addresses
and keys, closed paths and authentication. Requests start at a fixed rate whether or not earlier ones have ended, and a latency
counts from the moment at which a request was due. The processor time of each HAProxy is that of one request, which other processes
of the machine hardly change. Bound: the 95th percentile rises by less than 2 ms at 200 requests a second.
"""

import asyncio
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.measure import load, write_section
from providers.contract.haproxy.admission import (
    admission,
    authentication,
    closing_rules,
    key_files,
    key_map,
    rate_tables,
)
from providers.contract.spec import Auth
from tests.docker.specs import context_of
from tests.docker.tokens import AUDIENCE, CLAIMS, ISSUER, Issuer
from tests.ports import free_port

MODES = ("api_key", "jwt")
TITLE = "Entry with authentication and limits"
REQUESTS_PER_SECOND, ROUND_SECONDS, ROUNDS = 200, 10, 3
CONNECTIONS = 16
BOUND_MILLISECONDS = 2.0
KEY = "6f" * 24
LIMITS: Mapping[str, object] = {"per_address": 1_000_000, "per_key": 1_000_000}
"""Limits that count every request and reject none."""
PREAMBLE = ("defaults", "mode http", "timeout client 60s", "timeout server 60s", "timeout connect 2s")


@dataclass(frozen=True)
class RequestCost:
    """95th percentile of the latency in milliseconds, and processor time of a request in microseconds."""

    p95_milliseconds: float
    cpu_microseconds: float


@dataclass(frozen=True)
class Measured:
    """Cost of a request without rules and with those of a mode."""

    mode: str
    plain: RequestCost
    guarded: RequestCost

    @property
    def added(self) -> float:
        """Milliseconds that the rules add to the 95th percentile."""
        return self.guarded.p95_milliseconds - self.plain.p95_milliseconds


@dataclass
class Proxy:
    """Running HAProxy with the 95th percentile of each round, in seconds."""

    port: int
    process: psutil.Process
    percentiles: list[float] = field(default_factory=list[float])

    @property
    def cost(self) -> RequestCost:
        """Cost of a request over all rounds."""
        times = self.process.cpu_times()
        count = REQUESTS_PER_SECOND * ROUND_SECONDS * len(self.percentiles)
        return RequestCost(statistics.median(self.percentiles) * 1e3, (times.user + times.system) / count * 1e6)


def started(stack: ExitStack, folder: Path, name: str, rules: Sequence[str], tables: Sequence[str] = ()) -> Proxy:
    """Start a HAProxy with the rules of a frontend."""
    port, file = free_port(), folder / f"{name}.cfg"
    text = "\n".join([*PREAMBLE, *tables, f"frontend {name}", f"bind 127.0.0.1:{port}", *rules, ""])
    file.write_text(text.replace("/etc/agent-platform", str(folder)), encoding="utf-8")
    command = ["haproxy", "-db", "-f", str(file)]
    process = stack.enter_context(subprocess.Popen(command, stderr=subprocess.DEVNULL))  # noqa: S603
    stack.callback(process.terminate)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return Proxy(port, psutil.Process(process.pid))
        time.sleep(0.02)
    raise RuntimeError(f"the HAProxy {name} did not start")


def credentials(mode: str, folder: Path) -> tuple[Mapping[str, object], str]:
    """Return the setting of a mode and what a client sends; the files of the mode are written to the folder."""
    if mode == "api_key":
        (folder / "os-security-key.map").write_text(key_map("OS_SECURITY_KEY", KEY), encoding="utf-8")
        return {"mode": mode}, KEY
    issuer = Issuer(folder, "rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    auth = {"mode": "jwt", "issuer": ISSUER, "audience": AUDIENCE, "public_keys": [issuer.public]}
    for path, key in key_files(Auth.model_validate_json(json.dumps(auth))).items():
        (folder / Path(path).name).write_text(key, encoding="utf-8")
    return auth, issuer.token(CLAIMS)


def measure_mode(mode: str, folder: Path) -> Measured:
    """Alternate rounds without rules and with those of a mode, so that load on the machine affects both."""
    auth, secret = credentials(mode, folder)
    changes = {
        "ingress.auth": auth, "ingress.rate_limit": LIMITS, "services.gateway.secrets": ["OPENAI_API_KEY"],
        "services.gateway.public_paths": ["/health"],
    }  # fmt: skip
    spec = context_of(changes).spec
    rules = [*admission(spec), *closing_rules(spec), *authentication(spec)]
    tables = [line for table in rate_tables(spec) for line in table]
    with ExitStack() as stack:
        answering = started(stack, folder, "answers", ["http-request return status 200"])
        backend = ["backend answering", f"server one 127.0.0.1:{answering.port}"]
        forward = ["default_backend answering"]
        plain = started(stack, folder, "plain", forward, backend)
        guarded = started(stack, folder, "guarded", [*rules, *forward], [*tables, *backend])
        for _ in range(ROUNDS):
            for proxy in (plain, guarded):
                latencies = asyncio.run(requests(proxy.port, secret, REQUESTS_PER_SECOND * ROUND_SECONDS))
                proxy.percentiles.append(statistics.quantiles(latencies, n=20)[-1])
        return Measured(mode, plain.cost, guarded.cost)


async def requests(port: int, secret: str, count: int) -> list[float]:
    """Return the seconds of each request, from when it was due until its answer; raises RuntimeError for one that is refused."""
    text = f"GET /agents HTTP/1.1\r\nHost: agents.test\r\nAuthorization: Bearer {secret}\r\n\r\n".encode()
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    began, latencies = time.perf_counter(), list[float]()

    async def request(due: float) -> None:
        reader, writer = await free.get()
        writer.write(text)
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in answer.partition(b"\r\n")[0]:
            raise RuntimeError(f"the entry answered {answer.splitlines()[0].decode()}")
        latencies.append(time.perf_counter() - due)
        free.put_nowait((reader, writer))

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            due = began + number / REQUESTS_PER_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(request(due))
    while not free.empty():
        free.get_nowait()[1].close()
    return latencies


def report(modes: Sequence[str]) -> tuple[str, bool]:
    """Return the measurements as a Markdown table, and whether the bound holds for the modes."""
    missing = [program for program in ("haproxy", "openssl") if shutil.which(program) is None]
    if missing:
        return f"not measured: {' and '.join(missing)} not on PATH", False
    found: list[Measured] = []
    for mode in modes:
        with tempfile.TemporaryDirectory() as name:
            found.append(measure_mode(mode, Path(name)))
    lines = [
        f"| mode | without rules p95 ms | with rules p95 ms | added ms (< {BOUND_MILLISECONDS:g}) | CPU of a request us, without and with |",
        "|---|---|---|---|---|",
        *(_row(each) for each in found),
    ]
    notes = f"{REQUESTS_PER_SECOND} requests a second on {CONNECTIONS} connections, median of {ROUNDS} rounds of {ROUND_SECONDS} s."
    return "\n".join([*lines, "", notes]), all(each.added < BOUND_MILLISECONDS for each in found)


def _row(measured: Measured) -> str:
    plain, guarded = measured.plain, measured.guarded
    latencies = f"{plain.p95_milliseconds:.2f} | {guarded.p95_milliseconds:.2f} | {measured.added:.2f}"
    return f"| {measured.mode} | {latencies} | {plain.cpu_microseconds:.0f} and {guarded.cpu_microseconds:.0f} |"


def main(arguments: Sequence[str]) -> int:
    """Print the report, and write it with `--write`; return 1 if the bound is exceeded or nothing could be measured."""
    before = load()
    text, within = report(MODES)
    print(f"load {before:.2f}\n\n{text}")
    if "--write" in arguments:
        write_section(TITLE, "python -m benchmarks.entry --write", text, before)
    return 0 if within else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
