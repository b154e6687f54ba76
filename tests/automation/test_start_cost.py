"""Modules that a command imports, which is what its start costs; counted instead of timed, so that load does not matter."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_FOR_HELP = (
    "pydantic",
    "pulumi",
    "ruamel",
    "rich",
    "detect_secrets",
    "asyncio",
    "watchfiles",
    "providers.contract.spec",
)
NOT_FOR_A_REFUSAL = ("pulumi", "ruamel", "rich", "asyncio", "watchfiles", "detect_secrets", "requests")


@cache
def modules_after(*arguments: str) -> frozenset[str]:
    program = (
        "import sys\nfrom automation.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    print('\\n\\0' + ' '.join(sys.modules))"
    )
    command = [sys.executable, "-c", program, *arguments]
    result = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True)
    return frozenset(result.stdout.rpartition("\0")[2].split())


def loaded(modules: frozenset[str], packages: tuple[str, ...]) -> set[str]:
    return {name for name in modules for package in packages if name == package or name.startswith(f"{package}.")}


def installed(modules: frozenset[str]) -> set[str]:
    """Return the top-level modules that are neither Python's nor this project's, nor the environment's own."""
    own = {"__main__", "_cython_3_1_4", "_distutils_hack", "automation", "components", "cython_runtime", "providers"}
    tops = {name.partition(".")[0] for name in modules} - own - sys.stdlib_module_names
    return {name for name in tops if not name.startswith(("_sysconfigdata", "_virtualenv", "_editable"))}


def test_help_loads_neither_the_spec_nor_an_sdk() -> None:
    modules = modules_after("--help")
    assert loaded(modules, NOT_FOR_HELP) == set()
    assert installed(modules) == {"annotated_doc", "shellingham", "typer", "yaml"}


def test_a_refused_file_loads_no_sdk(tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8").replace("profile: production", "profile: nothing")
    (tmp_path / "Pulumi.prod.yaml").write_text(text, encoding="utf-8")
    modules = modules_after("-C", str(tmp_path), "plan", "prod")
    assert "components.validation.parse" in modules
    assert loaded(modules, NOT_FOR_A_REFUSAL) == set()
    assert installed(modules) == {
        *("annotated_doc", "annotated_types", "cronsim", "pydantic", "pydantic_core", "shellingham", "typer"),
        *("typing_extensions", "typing_inspection", "yaml"),
    }


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_the_contract_has_no_sdk_of_a_cloud(cloud: str) -> None:
    modules = modules_after("config", "docs")
    assert loaded(modules, (f"pulumi_{'azure_native' if cloud == 'azure' else cloud}",)) == set()
