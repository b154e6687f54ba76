"""The command `report`: files, comparison with a stack, a cloud and a release, bundle, templates, and bad input."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from automation.plan.spec_keys import BASE
from automation.report.posture import SCHEMA
from automation.stack.document import with_values
from tests.automation.command_line import Run, runner, write_project, write_stack_file

FILES = {
    "accepted-risks.json", "adjustments.json", "audit.json", "audit.sarif", "cost.json", "inventory.json", "manifest.json",
    "overridden.json", "picture.mmd", "posture.json", "recovery-plan.md", "report.html", "sbom.cdx.json",
}  # fmt: skip
WIDER: Mapping[str, object] = {
    "services.web.uses": ["database", "storage"],
    "database": {},
    "storage": {},
    "monitoring.log_retention_days": 1,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the real program and the small stack `trial`, as the working directory, on a fixed day."""
    write_project(tmp_path, "trial", BASE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795824000")
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def refused(run: Run, *arguments: str) -> list[str]:
    """Return the errors of a command that does nothing."""
    result = run("report", "trial", *arguments)
    assert (result.code, result.out) == (2, "")
    return result.errors


def entries(file: Path) -> dict[str, str]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_page_is_written(folder: Path, run: Run) -> None:
    result = run("report", "trial", "-o", "report.html")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert (result.code, result.errors) == (0, [])
    assert result.out == f"wrote report.html, {len(page.encode()):,} bytes\n"
    assert page.startswith("<!DOCTYPE html>") and "Report of trial on aws us-west-2" in page
    assert "<dd>2026-11-28</dd>" in page and "not in a repository" in page
    assert "default-src &#39;none&#39;" in page


def test_a_file_that_exists_is_kept_unless_it_may_be_replaced(folder: Path, run: Run) -> None:
    (folder / "report.html").write_text("mine", encoding="utf-8")
    assert refused(run, "-o", "report.html") == ["--output: report.html exists. Add --overwrite, or use another name."]
    assert (folder / "report.html").read_text(encoding="utf-8") == "mine"
    assert run("report", "trial", "-o", "report.html", "--overwrite").code == 0
    assert (folder / "report.html").read_text(encoding="utf-8") != "mine"


def test_a_folder_and_a_file_in_a_missing_folder_are_refused(folder: Path, run: Run) -> None:
    (folder / "out").mkdir()
    assert refused(run, "--bundle", "out", "--overwrite") == ["--bundle: out exists. Use the name of a file."]
    expected = "--output: cannot write none/r.html: No such file or directory. Use a file in a folder that exists."
    assert refused(run, "-o", "none/r.html") == [expected]


def test_contradicting_options_are_refused_together(run: Run) -> None:
    assert refused(run) == ["report: nothing to write. Use -o report.html, --bundle evidence.zip or --mermaid."]
    assert refused(run, "--mermaid", "--changes", "--template", "t.html") == [
        "--changes: needs something to compare with. Add --diff OTHER.",
        "--template: only a page has a template. Add -o FILE, or leave it out.",
    ]
    assert refused(run, "-o", "a", "--bundle", "a") == ["--bundle: the same file as --output. Use two files."]


def test_a_stack_that_does_not_plan_is_refused_as_by_plan(folder: Path, run: Run) -> None:
    write_stack_file(folder, "broken", with_values(BASE, {"services.web.port": 70000}))
    result = run("report", "broken", "-o", "report.html")
    assert (result.code, result.errors) == (2, run("plan", "broken").errors)
    assert not (folder / "report.html").exists()
    compared = run("report", "trial", "-o", "report.html", "--diff", "broken")
    assert (compared.code, compared.errors) == (2, run("plan", "broken").errors)


def test_a_usage_file_with_unknown_keys_is_refused(folder: Path, run: Run) -> None:
    (folder / "usage.yaml").write_text("requests: 3\nhours: many\n", encoding="utf-8")
    errors = refused(run, "-o", "report.html", "--usage", "usage.yaml")
    assert [error.partition(":")[0] for error in errors] == ["requests", "hours"]
    assert not (folder / "report.html").exists()


def test_usage_is_part_of_the_page(folder: Path, run: Run) -> None:
    (folder / "usage.yaml").write_text("internet_gb: 12345\n", encoding="utf-8")
    run("report", "trial", "-o", "report.html", "--usage", "usage.yaml")
    assert "<td>12345</td><td>usage.yaml</td>" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_region_without_prices_has_a_page_that_says_so(folder: Path, run: Run) -> None:
    write_stack_file(folder, "far", with_values(BASE, {"aws.region": "af-south-1"}))
    result = run("report", "far", "-o", "report.html", "--bundle", "far.zip")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert (result.code, result.errors) == (0, [])
    assert "No estimate: there are no prices for af-south-1; set price_region" in page
    assert "cost.json" not in entries(folder / "far.zip")
    (folder / "usage.yaml").write_text("price_region: mars-1\n", encoding="utf-8")
    refusal = run("report", "far", "-o", "other.html", "--usage", "usage.yaml")
    assert refusal.code == 2 and refusal.errors[0].startswith("price_region: there are no prices for mars-1.")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{% for %}", "line 1: Expected an expression, got 'end of statement block'"),
        ("{{ missing }}", ": 'missing' is undefined"),
        ("{% include 'other.html' %}", ": other.html"),
        ("{{ ''.__class__.__mro__ }}", ": access to attribute '__class__' of 'str' object is unsafe"),
        ("{{ 1 / 0 }}", ": division by zero"),
    ],
)
def test_a_broken_template_is_refused(folder: Path, run: Run, source: str, problem: str) -> None:
    (folder / "t.html").write_text(source, encoding="utf-8")
    (error,) = refused(run, "-o", "report.html", "--template", "t.html")
    assert error.startswith("--template: t.html") and problem in error, error
    assert not (folder / "report.html").exists()


def test_a_template_that_is_missing_or_leaves_out_sections_is_refused(folder: Path, run: Run) -> None:
    (error,) = refused(run, "-o", "report.html", "--template", "none.html")
    assert error.startswith("--template: cannot read none.html: No such file or directory.")
    (folder / "t.html").write_text('<section id="summary">{{ title }}</section>', encoding="utf-8")
    (error,) = refused(run, "-o", "report.html", "--template", "t.html")
    assert error.startswith("--template: t.html leaves out architecture, reach,")


def test_a_template_surrounds_the_sections(folder: Path, run: Run) -> None:
    template = '{% extends "report.html" %}\n{% block content %}<p>ACME {{ title }}</p>{% include "sections.html" %}{% endblock %}'
    (folder / "t.html").write_text(template, encoding="utf-8")
    assert run("report", "trial", "-o", "report.html", "--template", "t.html").code == 0
    assert "<p>ACME Report of trial on aws us-west-2</p>" in (folder / "report.html").read_text(encoding="utf-8")


def test_the_same_input_makes_the_same_bundle(folder: Path, run: Run) -> None:
    assert run("report", "trial", "--bundle", "one.zip").code == 0
    assert run("report", "trial", "--bundle", "two.zip").code == 0
    assert (folder / "one.zip").read_bytes() == (folder / "two.zip").read_bytes()


def test_a_bundle_has_every_document_with_its_digest(folder: Path, run: Run) -> None:
    run("report", "trial", "--bundle", "e.zip", "-o", "report.html")
    found = entries(folder / "e.zip")
    assert set(found) == FILES
    manifest = json.loads(found["manifest.json"])
    assert set(manifest["files"]) == FILES - {"manifest.json"}
    for name, digest in manifest["files"].items():
        assert digest == f"sha256:{hashlib.sha256(found[name].encode()).hexdigest()}"
    assert manifest["planDigest"] == manifest["files"]["inventory.json"]
    assert {"agent-platform", "pulumi", "pulumi-aws", "python"} == set(manifest["versions"])
    assert found["report.html"] == (folder / "report.html").read_text(encoding="utf-8")
    assert json.loads(found["audit.json"])["stack"] == "trial"


def test_the_bill_of_materials_is_complete_and_consistent(folder: Path, run: Run) -> None:
    run("report", "trial", "--bundle", "e.zip")
    bom = json.loads(entries(folder / "e.zip")["sbom.cdx.json"])
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)
    names = [each["name"] for each in bom["components"]]
    assert names == sorted(set(names))
    assert {"pulumi", "pulumi-aws", "pydantic", "typer", "jinja2", "protobuf"} <= set(names)
    assert not {"pytest", "hypothesis", "ruff", "pulumi-gcp", "botocore"} & set(names)
    refs = {each["bom-ref"] for each in bom["components"]} | {bom["metadata"]["component"]["bom-ref"]}
    assert {each["ref"] for each in bom["dependencies"]} == refs
    assert {ref for each in bom["dependencies"] for ref in each["dependsOn"]} <= refs
    assert all(each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}" for each in bom["components"])


def test_changes_name_what_widens_and_narrows(folder: Path, run: Run) -> None:
    write_stack_file(folder, "wide", with_values(BASE, WIDER))
    result = run("report", "wide", "--diff", "trial", "--changes")
    lines = result.out.splitlines()
    assert (result.code, result.errors) == (0, [])
    assert "+ ports: added: web to storage, permission" in lines
    assert any(line.startswith("+ rights: added: web-task: s3:GetObject on s3:Bucket storage") for line in lines)
    assert any(re.fullmatch(r"\+ retention: logs: \d+ to 1 days", line) for line in lines)
    assert "+ failed checks: added: restore-is-tested" in lines
    assert any(line.startswith("+ money: minimum: ") for line in lines)
    back = run("report", "trial", "--diff", "wide", "--changes").out.splitlines()
    assert "- ports: removed: web to storage, permission" in back
    assert not [line for line in back if line.startswith("+ rights")]


def test_a_stack_does_not_differ_from_its_own_bundle(folder: Path, run: Run) -> None:
    run("report", "trial", "--bundle", "release.zip")
    result = run("report", "trial", "--diff", "release.zip", "--changes")
    assert result.out == "no right, port, reader, retention or cost differs\n"
    assert run("report", "trial", "--diff", "release.zip", "-o", "report.html").code == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "No right, port, reader, retention or cost gets wider." in page and "Nothing gets narrower." in page


def test_another_cloud_is_compared_without_rights(folder: Path, run: Run) -> None:
    result = run("report", "trial", "--diff", "gcp", "--changes")
    assert result.code == 0 and result.out
    assert not [line for line in result.out.splitlines() if " rights: " in line]


def test_a_posture_of_another_version_is_refused(folder: Path, run: Run) -> None:
    run("report", "trial", "--bundle", "release.zip")
    document = json.loads(entries(folder / "release.zip")["posture.json"])
    (folder / "old.json").write_text(json.dumps({**document, "schema": SCHEMA + 1}), encoding="utf-8")
    assert refused(run, "-o", "r.html", "--diff", "old.json") == [
        f"--diff: old.json has version {SCHEMA + 1} of the posture, and this program reads version {SCHEMA}. "
        "Write it again with `agent-platform report STACK --bundle FILE` and this version."
    ]
    (folder / "same.json").write_text(json.dumps(document), encoding="utf-8")
    assert run("report", "trial", "--diff", "same.json", "--changes").code == 0


def zipped(name: str, content: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is no evidence bundle: "),
        (b"PK\x03\x04 broken", "is no evidence bundle: "),
        (b"\xff\xfe\x00", "is no evidence bundle: "),
        (b"[1, 2]", "is no posture of a stack"),
        (b'{"resources": []}', "is no posture of a stack"),
        (zipped("other.json", "{}"), "has no posture.json"),
        (zipped("posture.json", "{"), "is no evidence bundle: "),
        (zipped("posture.json", '{"schema": 1, "stack": "x"}'), "is damaged: "),
        (zipped("posture.json", '{"schema": 1, "stack": 5}'), "is damaged: "),
    ],
)
def test_a_file_that_is_no_bundle_is_refused(folder: Path, run: Run, content: bytes, problem: str) -> None:
    (folder / "other.zip").write_bytes(content)
    (error,) = refused(run, "-o", "r.html", "--diff", "other.zip")
    assert error.startswith("--diff: other.zip ") and problem in error, error
    assert not (folder / "r.html").exists()


def test_another_side_that_does_not_exist_is_refused(run: Run) -> None:
    (error,) = refused(run, "-o", "r.html", "--diff", "trail")
    assert error.startswith("--diff: trail is neither a stack, a cloud nor a file (did you mean trial).")
    (error,) = refused(run, "-o", "r.html", "--diff", "none.zip")
    assert error.startswith("--diff: cannot read none.zip: No such file or directory.")


def test_the_flowchart_is_printed(run: Run) -> None:
    result = run("report", "trial", "--mermaid")
    assert result.out.startswith("flowchart LR\n") and '["web<br>' in result.out
