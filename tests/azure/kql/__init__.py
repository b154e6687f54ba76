"""Microsoft's parser of the Kusto Query Language, for the queries of alarms and dashboards.

The parser is the npm package @kusto/language-service-next (MIT), run by Node.js. Install it with
`npm install --prefix .local @kusto/language-service-next@12.4.1`, or name its folder in KUSTO_LANGUAGE_SERVICE.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from tests.planning import ROOT

parses_queries = pytest.mark.long(reason="starts Microsoft's parser in Node.js")
"""Mark of a test that calls `faults`."""
PACKAGE = "@kusto/language-service-next"
TABLES = {
    "AddonAzureBackupJobs": "(TimeGenerated: datetime, JobOperation: string, JobStatus: string, JobUniqueId: string)",
    "AzureDiagnostics": "(TimeGenerated: datetime, Category: string, Resource: string, ResourceProvider: string)",
    "AzureMetrics": (
        "(TimeGenerated: datetime, ResourceProvider: string, Resource: string, MetricName: string, Maximum: real, "
        "Total: real)"
    ),
    "ContainerAppConsoleLogs": (
        "(TimeGenerated: datetime, ContainerAppName: string, ContainerName: string, RevisionName: string, "
        "ContainerGroupName: string, JobName: string, Log: string, Stream: string)"
    ),
    "ContainerAppSystemLogs": (
        "(TimeGenerated: datetime, ContainerAppName: string, RevisionName: string, ReplicaName: string, "
        "JobName: string, Reason: string, Log: string, Type: string)"
    ),
    "NTANetAnalytics": (
        "(TimeGenerated: datetime, SubType: string, FlowStatus: string, FlowDirection: string, FlowType: string, "
        "DeniedInFlows: long, DeniedOutFlows: long)"
    ),
    "PGSQLServerLogs": "(TimeGenerated: datetime, LogicalServerName: string, ErrorLevel: string, Message: string)",
}
"""Tables of the workspace with the columns that queries may use: Microsoft Learn, "Azure Monitor Logs reference"."""


def faults(queries: Sequence[str]) -> list[list[str]]:
    """Return the diagnostics of each query; skip the test where Node.js or the package is missing."""
    node, folder = shutil.which("node"), _folder()
    if node is None or folder is None:
        pytest.skip(f"Node.js or the npm package {PACKAGE} is not installed")
    script = Path(__file__).with_name("parse.js")
    document = json.dumps({"queries": list(queries), "tables": TABLES})
    run = subprocess.run(
        [node, str(script), str(folder)], input=document, capture_output=True, text=True, check=True, timeout=300
    )
    return cast("list[list[str]]", json.loads(run.stdout))


def _folder() -> Path | None:
    named = os.environ.get("KUSTO_LANGUAGE_SERVICE")
    folders = [Path(named)] if named else [ROOT / top / "node_modules" / PACKAGE for top in (".local", ".")]
    return next((folder for folder in folders if (folder / "Kusto.Language.Bridge.min.js").is_file()), None)
