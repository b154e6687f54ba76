"""Promotion: image digests of one stack, proposed as a change of another stack file."""

from pathlib import Path

import pytest

from automation.cli.main import main
from automation.day2 import Proposal, promote
from automation.day2.promotion import image_changes, with_digest
from automation.stack.document import read_stack
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
FILE = f"""\
# yaml-language-server: $schema=docs/config.schema.json
config:
  pulumi:disable-default-providers: ["*"]   # explicit ones only
  agent-platform:platform:
    cloud: gcp
    gcp: {{project: acme-agents, region: us-central1}}
    profile: development
    services:
      # entry
      web:
        app: fastapi
        image: ghcr.io/acme/web@{ONE}  # moved by promote
        environment: {{FLAG: "on", 'QUOTED': '1'}}

      worker: {{app: celery, image: "ghcr.io/acme/worker@{ONE}"}}
  agent-platform:KEY:
    secure: v1:abc=
encryptionsalt: v1:salt
"""


def write_stacks(folder: Path, **stacks: str) -> Path:
    for name, text in stacks.items():
        (folder / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_only_digests_change_in_the_target_file(tmp_path: Path) -> None:
    write_stacks(tmp_path, staging=FILE.replace(ONE, TWO), prod=FILE)
    proposal = promote("staging", "prod", tmp_path, from_file=True)
    assert proposal.after == FILE.replace(ONE, TWO)
    assert [line for line in proposal.diff.splitlines() if line.startswith("+ ")] == [
        f"+        image: ghcr.io/acme/web@{TWO}  # moved by promote",
        f'+      worker: {{app: celery, image: "ghcr.io/acme/worker@{TWO}"}}',
    ]


def test_a_digest_of_an_existing_registry_is_not_to_be_pushed_again(tmp_path: Path) -> None:
    file = FILE.replace(f"ghcr.io/acme/web@{ONE}", f"web@{ONE}")
    repository = "projects/acme-images/locations/us/repositories/agents"
    existing = f"    registry: {{existing: {{gcp: {{repository: {repository}}}}}}}\n  agent-platform:KEY"
    for registry, note in (
        ("", "push this digest"),
        (existing, "the existing registry of prod, which must contain the digest"),
    ):
        target = file.replace("  agent-platform:KEY", registry) if registry else file
        write_stacks(tmp_path, staging=file.replace(ONE, TWO), prod=target)
        proposal = promote("staging", "prod", tmp_path, from_file=True)
        assert f"image: web@{TWO}" in proposal.after
        assert any(note in each for each in proposal.notes)


def test_a_proposal_is_written_only_on_request(tmp_path: Path) -> None:
    write_stacks(tmp_path, staging=FILE.replace(ONE, TWO), prod=FILE)
    proposal = promote("staging", "prod", tmp_path, from_file=True)
    assert (tmp_path / "Pulumi.prod.yaml").read_text() == FILE
    proposal.write()
    assert read_stack(tmp_path, "prod").spec.services["web"].image.endswith(TWO)


def test_a_target_with_the_same_digests_is_unchanged(tmp_path: Path) -> None:
    proposal = promote("staging", "prod", write_stacks(tmp_path, staging=FILE, prod=FILE), from_file=True)
    assert not proposal.changes and proposal.diff == ""


def test_an_image_without_a_digest_is_refused(tmp_path: Path) -> None:
    write_stacks(tmp_path, staging=FILE.replace(f"web@{ONE}", "web:1.0"), prod=FILE)
    with pytest.raises(InvalidConfiguration) as refused:
        promote("staging", "prod", tmp_path, from_file=True)
    assert refused.value.diagnostics == (
        ConfigError(
            "staging: services.web.image",
            '"ghcr.io/acme/web:1.0" has no digest, and a tag may change',
            "deploy staging with a digest, then promote it again",
        ),
    )


def test_a_stack_is_not_promoted_into_itself(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="source and target are both prod"):
        promote("prod", "prod", write_stacks(tmp_path, prod=FILE), from_file=True)


def test_an_unknown_stack_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="did you mean prod"):
        promote("prod", "prodd", write_stacks(tmp_path, prod=FILE), from_file=True)


def test_a_change_of_the_file_after_the_diff_is_not_overwritten(tmp_path: Path) -> None:
    write_stacks(tmp_path, staging=FILE.replace(ONE, TWO), prod=FILE)
    proposal = promote("staging", "prod", tmp_path, from_file=True)
    write_stacks(tmp_path, prod=f"{FILE}# mine\n")
    with pytest.raises(InvalidConfiguration, match="has changed since"):
        proposal.write()
    assert (tmp_path / "Pulumi.prod.yaml").read_text().endswith("# mine\n")


def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = write_stacks(tmp_path, prod=FILE) / "Pulumi.prod.yaml"
    path.chmod(0o640)
    Proposal(path, FILE, f"{FILE}# more\n").write()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == ["Pulumi.prod.yaml"]


def test_the_target_keeps_its_repository() -> None:
    changes = image_changes("staging", {"web": f"ghcr.io/acme/web@{TWO}"}, "prod", {"web": f"eu.gcr.io/acme/web@{ONE}"})
    assert changes.images == {"web": f"eu.gcr.io/acme/web@{TWO}"}
    assert changes.notes == (
        "web: prod uses the repository eu.gcr.io/acme/web, staging uses ghcr.io/acme/web; both must contain the digest",
    )


def test_a_tag_of_the_target_is_replaced_by_the_digest() -> None:
    assert with_digest("localhost:5000/acme/web:1.0", f"ghcr.io/acme/web:2.0@{TWO}") == f"localhost:5000/acme/web@{TWO}"


def test_services_in_one_stack_only_are_reported_and_not_changed() -> None:
    image = f"ghcr.io/acme/web@{ONE}"
    changes = image_changes(
        "staging", {"web": image, "new": image}, "prod", {"web": image, "old": image, "older": image}
    )
    assert changes.images == {}
    assert changes.notes == (
        "new: in staging but not in prod; not changed",
        "old and older: in prod but not in staging; not changed",
    )


def test_stacks_without_a_common_service_are_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="staging and prod have no service in common; prod has old"):
        image_changes("staging", {"web": "a"}, "prod", {"old": "b"})


def test_an_image_in_the_registry_of_the_stack_must_be_pushed_to_the_targets_registry() -> None:
    changes = image_changes("staging", {"web": f"web@{TWO}"}, "prod", {"web": f"web@{ONE}"})
    assert changes.notes == (
        "web: stored in the registry of each stack; push this digest to the registry of prod before you deploy",
    )


def test_the_command_writes_the_file_and_names_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(write_stacks(tmp_path, staging=FILE.replace(ONE, TWO), prod=FILE))
    with pytest.raises(SystemExit) as ended:
        main(["promote", "staging", "prod", "--from-file", "--yes"])
    assert ended.value.code == 0
    assert "then run `agent-platform preview prod`" in capsys.readouterr().out
    assert (tmp_path / "Pulumi.prod.yaml").read_text() == FILE.replace(ONE, TWO)


def test_the_command_needs_yes_without_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(write_stacks(tmp_path, staging=FILE.replace(ONE, TWO), prod=FILE))
    with pytest.raises(SystemExit) as ended:
        main(["promote", "staging", "prod", "--from-file"])
    assert ended.value.code == 2 and "--yes" in capsys.readouterr().err
    assert (tmp_path / "Pulumi.prod.yaml").read_text() == FILE


def test_without_an_engine_the_command_suggests_from_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(write_stacks(tmp_path, staging=FILE, prod=FILE))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        main(["promote", "staging", "prod", "--yes"])
    errors = capsys.readouterr().err.splitlines()
    assert ended.value.code == 1
    assert len(errors) == 1
    assert "use --from-file to promote the digests in staging's stack file" in errors[0]
