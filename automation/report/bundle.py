"""Evidence bundle: a ZIP file with inventory, audit, cost, posture, recovery plan, page, versions and bill of materials.

The same plan, date, commit and installation make the same bytes: entries are sorted, not compressed, and have no time of
their own. An earlier bundle is also the other side of a comparison (`report --diff FILE`).
"""

import hashlib
import io
import json
import platform
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from automation.cli.audit_text import audit_json, sarif
from automation.cli.cost_text import estimate_json
from automation.recovery.stale import plan_text
from automation.report.digest import inventory_text, plan_digest
from automation.report.facts import ReportFacts
from automation.report.graph import graph_of, mermaid
from automation.report.page import tool_version
from automation.report.posture import SCHEMA, Posture, posture_from, posture_json, posture_of, refused
from automation.report.sbom import sbom
from components.configuration import PROJECT

POSTURE = "posture.json"
FIRST_TIME = (1980, 1, 1, 0, 0, 0)
"""Time of every entry: the first one that a ZIP file can have."""
UNIX, FILE_MODE = 3, 0o644
MAX_BYTES = 50_000_000
"""Size of a posture that is read; that of a stack with 50 services has less than 1 MB."""
SDKS = {
    "aws": "pulumi-aws",
    "gcp": "pulumi-gcp",
    "azure": "pulumi-azure-native",
    "docker": "pulumi-docker",
    "kubernetes": "pulumi-kubernetes",
}


def bundle(facts: ReportFacts, page: str, today: date, commit: str) -> bytes:
    """Return the bundle with the page of the same facts."""
    files = {**_documents(facts), "report.html": page}
    manifest = {
        "schema": SCHEMA,
        "stack": facts.plan.stack.name,
        "profile": facts.spec.profile,
        "cloud": facts.spec.cloud,
        "region": facts.plan.region,
        "date": today.isoformat(),
        "commit": commit.replace("`", ""),
        "planDigest": plan_digest(facts.plan),
        "versions": versions(facts.spec.cloud),
        "files": {name: f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" for name, text in sorted(files.items())},
    }
    return _zip({**files, "manifest.json": _json(manifest)})


def _documents(facts: ReportFacts) -> Mapping[str, str]:
    stack = facts.plan.stack.name
    graph = graph_of(facts)
    adjusted = [{**vars(each.adjustment), "written": each.written} for each in facts.summary.adjustments]
    documents = {
        "inventory.json": inventory_text(facts.plan),
        POSTURE: _json(posture_json(posture_of(facts))),
        "adjustments.json": _json(adjusted),
        "accepted-risks.json": _json([vars(each) for each in facts.summary.accepted_risks]),
        "overridden.json": _json([vars(each) for each in facts.summary.overridden]),
        "recovery-plan.md": plan_text(facts.plan, "markdown"),
        "picture.mmd": mermaid(graph),
        "sbom.cdx.json": _json(sbom(facts.spec.cloud)),
    }
    if facts.audit is not None:
        documents |= {
            "audit.json": _json(audit_json(facts.audit)),
            "audit.sarif": _json(sarif(facts.audit, tool_version(PROJECT))),
        }
    if facts.cost is not None:
        documents["cost.json"] = _json(estimate_json(stack, facts.cost))
    return documents


def versions(cloud: str) -> Mapping[str, str]:
    """Return the versions of this package, Python, Pulumi and the SDK of a cloud."""
    packages = (PROJECT, "pulumi", SDKS[cloud])
    return {**{name: tool_version(name) for name in packages}, "python": platform.python_version()}


def _json(document: object) -> str:
    return json.dumps(document, indent=1, sort_keys=True, default=str) + "\n"


def _zip(files: Mapping[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, FIRST_TIME)
            entry.create_system, entry.external_attr = UNIX, FILE_MODE << 16
            archive.writestr(entry, files[name])
    return target.getvalue()


def read_posture(option: str, file: Path) -> Posture:
    """Return the posture of a bundle, or of its `posture.json`; raises InvalidConfiguration for any other file."""
    try:
        content = _posture_bytes(file)
        document: object = json.loads(content)
    except OSError as error:
        raise refused(option, f"cannot read {file}: {error.strerror}") from None
    except KeyError:
        raise refused(option, f"{file} has no {POSTURE}") from None
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError, EOFError, RuntimeError) as error:
        raise refused(option, f"{file} is no evidence bundle: {error}") from None
    return posture_from(option, str(file), document)


def _posture_bytes(file: Path) -> bytes:
    if not zipfile.is_zipfile(file):
        return file.read_bytes()[: MAX_BYTES + 1]
    with zipfile.ZipFile(file) as archive, archive.open(POSTURE) as entry:
        content = entry.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"{POSTURE} is larger than {MAX_BYTES} bytes")
    return content
