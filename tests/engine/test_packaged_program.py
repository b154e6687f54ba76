"""Folder with a stack file alone under the real engine: the packaged program runs, and the user's file is written."""

import subprocess
import sys
from pathlib import Path

from automation.deploy import Deployment
from automation.stack.document import read_stack
from tests.engine.project import STACK, TIMEOUT_SECONDS, EngineProject
from tests.planning import SECRET, production


def test_a_folder_with_a_stack_file_alone_can_be_deployed(project: EngineProject) -> None:
    for name in ("__main__.py", "Pulumi.yaml"):
        (project.folder / name).unlink()
    project.write(production(cloud="gcp"))
    deployment = Deployment(STACK, project.folder, environment=project.environment)
    deployment.create()
    for name in read_stack(project.folder, STACK).missing_secrets:
        deployment.engine.set_secret(f"agent-platform:{name}", SECRET)
    text = (project.folder / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    assert "encryptionsalt: v1:" in text
    assert "secure: v1:" in text
    ended = subprocess.run(
        [sys.executable, "-m", "automation", "preview", STACK], cwd=project.folder, env=dict(project.environment),
        capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "to create" in ended.stdout
    assert [path.name for path in Path(project.folder).iterdir()] == ["Pulumi.prod.yaml"]
