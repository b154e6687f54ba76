"""A slow request is found in Tempo, with the configuration, variables and query of a stack on Docker.

Grafana's data source of type `tempo` sends a TraceQL query to `/api/search` and reads a trace at `/api/v2/traces`; these tests
send the same requests themselves.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest

from providers.contract.spans import sent_over_http, span_variables
from providers.contract.spec.operations import Tracing
from providers.docker.observability.tempo import DATA_FOLDER, tempo_document
from tests.docker.plans import files
from tests.docker.specs import spec_of
from tests.local.agent_os.chats import answer_text, new_session
from tests.local.agent_os.system import System
from tests.local.poll import eventually
from tests.planning import plan, production
from tests.ports import LOOPBACK, free_port

pytestmark = [
    pytest.mark.xdist_group("agent_os"),
    pytest.mark.long(reason="runs the services of the example and Tempo"),
]
PROGRAM = "tempo"
SECRET_WORD, SECRET_NOTE = "Wintergreen", "Elderberry"
"""Parts of prompts, which no span may contain; the second one is an argument of a tool."""
SLOW_SECONDS = 2
START_SECONDS, SEND_SECONDS = 60, 30
TRACING = Tracing(sample_percent=100)


@dataclass(frozen=True)
class Tempo:
    """Running Tempo: the URL where it takes spans, and the port where it answers queries."""

    receiver: str
    port: int

    def read(self, path: str, **query: object) -> Any:  # any JSON
        """Return the JSON of an answer."""
        with urlopen(f"http://{LOOPBACK}:{self.port}{path}?{urlencode(query)}", timeout=10) as answer:
            return json.load(answer)

    def search(self, query: str) -> list[dict[str, Any]]:
        """Return the traces that a TraceQL query finds."""
        return self.read("/api/search", q=query, limit=20)["traces"]

    def is_ready(self) -> bool:
        """Return whether queries are answered."""
        try:
            with urlopen(f"http://{LOOPBACK}:{self.port}/ready", timeout=5):
                return True
        except OSError:
            return False


@pytest.fixture(scope="module")
def tempo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tempo]:
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"not on PATH: {PROGRAM}")
    home = tmp_path_factory.mktemp(PROGRAM)
    receiver, queries = f"{LOOPBACK}:{free_port()}", free_port()
    configuration = home / "tempo.yml"
    configuration.write_text(_document(home, receiver, queries), encoding="utf-8")
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, f"-config.file={configuration}"], stdout=log, stderr=log)
    try:
        running = Tempo(f"http://{receiver}", queries)
        eventually(lambda: running.is_ready() or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, (home / "log").read_text(encoding="utf-8")[-2000:]
        yield running
    finally:
        process.kill()
        process.wait()


def _document(home: Path, receiver: str, queries: int) -> str:
    """Return the configuration of a stack with the addresses and the folder of this machine."""
    document = json.loads(tempo_document(TRACING, LOOPBACK))
    document["server"] |= {"http_listen_port": queries, "grpc_listen_port": free_port()}
    document["distributor"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"] = receiver
    return json.dumps(document).replace(DATA_FOLDER, str(home))


@pytest.fixture
def traced(system: System, tempo: Tempo) -> Iterator[System]:
    """System whose gateway is slow, and whose services send all spans."""
    service = spec_of().services["gateway"]
    system.stop("gateway", "tools")
    for name, delay in (("tools", "0"), ("gateway", str(SLOW_SECONDS))):
        variables = span_variables(TRACING, "prod", name, service, sent_over_http(tempo.receiver))
        system.start(name, LOCAL_MODEL_DELAY_SECONDS=delay, **{key: str(value) for key, value in variables.items()})
    system.wait_healthy("tools")
    system.wait_healthy("gateway")
    yield system
    system.stop("gateway", "tools")


def test_the_query_of_a_latency_panel_finds_a_slow_request_and_its_calls(traced: System, tempo: Tempo) -> None:
    answer_text(traced, f"My name is {SECRET_WORD}.", new_session())
    answer_text(traced, "Where is order A-1003?", new_session())
    answer_text(traced, f"Note: {SECRET_NOTE}.", new_session())
    query = _slow_query("gateway", SLOW_SECONDS)
    eventually(lambda: len(tempo.search(query)) == 3, SEND_SECONDS)
    assert tempo.search(_slow_query("gateway", 10 * SLOW_SECONDS)) == []
    found = tempo.search(query)
    assert {(each["rootServiceName"], each["rootTraceName"]) for each in found} == {("gateway", "POST /chat")}
    traces = [tempo.read(f"/api/v2/traces/{each['traceID']}")["trace"] for each in found]
    spans = [span for trace in traces for span in _spans(trace)]
    # the call of a tool continues the trace in the other service
    assert {"Assistant.arun", "look_up_order", "GET /orders/{number}"} <= {span["name"] for span in spans}
    for hidden in (SECRET_WORD, SECRET_NOTE, "tool.parameters"):
        assert not any(hidden in json.dumps(span["attributes"]) for span in spans), hidden


def _spans(trace: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the spans of a trace."""
    for resource in trace["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            yield from scope["spans"]


def _slow_query(service: str, seconds: float) -> str:
    """Return the TraceQL of the link on the latency panel of a service, after a click on a point of that many seconds."""
    written = files(
        plan(production({"monitoring.tracing": TRACING.model_dump()}, "docker")),
        "monitoring-grafana-dashboards-written",
    )["platform.json"]
    for panel in json.loads(written)["panels"]:
        for link in panel.get("fieldConfig", {}).get("defaults", {}).get("links", ()):
            pane = json.loads(parse_qs(urlsplit(link["url"]).query)["panes"][0])["traces"]
            query = str(pane["queries"][0]["query"])
            if panel["targets"][0]["legendFormat"] == service:
                return query.replace("${__value.raw}", str(seconds))
    raise AssertionError(f"no panel of {service} has a link")
