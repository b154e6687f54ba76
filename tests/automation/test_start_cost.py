"""Modules that a command imports, which is what its start costs; counted instead of timed, so that load does not matter."""

import subprocess
import sys
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


def modules_after(*arguments: str) -> set[str]:
    program = (
        "import sys\nfrom automation.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    print('\\n\\0' + ' '.join(sys.modules))"
    )
    command = [sys.executable, "-c", program, *arguments]
    result = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True)
    return set(result.stdout.rpartition("\0")[2].split())


def loaded(modules: set[str], packages: tuple[str, ...]) -> set[str]:
    return {name for name in modules for package in packages if name == package or name.startswith(f"{package}.")}


def test_help_loads_neither_the_spec_nor_an_sdk() -> None:
    assert loaded(modules_after("--help"), NOT_FOR_HELP) == set()


def test_a_refused_file_loads_no_sdk(tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8").replace("profile: production", "profile: nothing")
    (tmp_path / "Pulumi.prod.yaml").write_text(f"{text}\nunknown: 1\n", encoding="utf-8")
    modules = modules_after("-C", str(tmp_path), "plan", "prod")
    assert "providers.contract.spec" in modules
    assert loaded(modules, NOT_FOR_A_REFUSAL) == set()


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_the_contract_has_no_sdk_of_a_cloud(cloud: str) -> None:
    modules = modules_after("config", "docs")
    assert loaded(modules, (f"pulumi_{'azure_native' if cloud == 'azure' else cloud}",)) == set()
