"""Checks of the doctor on backend and secrets provider."""

from pathlib import Path

import pytest

from automation.engine.checks import backend
from automation.processes import CompletedCommand
from tests.automation.check_inputs import check_input, cli_result

WHOAMI = CompletedCommand(0, '{"user": "ci", "url": "s3://state/agents?region=us-west-2&token=hunter2"}', "")
WITH_SALT = "encryptionsalt: v1:abc\n"
NEW_STACK = "config: {}\n"


def stack_file(folder: Path, text: str) -> Path:
    (folder / "Pulumi.trial.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_backend_that_responds_is_ok_and_its_query_is_not_printed(tmp_path: Path) -> None:
    finding = backend.check_backend(check_input(tmp_path, run=cli_result(WHOAMI)))
    assert (finding.verdict, finding.observed) == ("ok", "state is stored at s3://state/agents as ci")


def test_a_backend_that_cannot_be_opened_fails_with_its_url_and_the_cause(tmp_path: Path) -> None:
    ended = CompletedCommand(1, "", "error: unable to open state directory: stat /state: no such file or directory")
    facts = check_input(tmp_path, environment={"PULUMI_BACKEND_URL": "file:///state"}, run=cli_result(ended))
    finding = backend.check_backend(facts)
    assert (finding.verdict, finding.observed) == (
        "failed", "cannot open the backend file:///state: it does not exist",
    )  # fmt: skip


def test_a_backend_that_does_not_respond_fails(tmp_path: Path) -> None:
    finding = backend.check_backend(check_input(tmp_path, run=cli_result(CompletedCommand(None, "", ""))))
    assert finding.verdict == "failed"
    assert "no response before the timeout" in finding.observed


def test_without_a_login_the_fix_names_the_command(tmp_path: Path) -> None:
    text = "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions"
    finding = backend.check_backend(check_input(tmp_path, run=cli_result(CompletedCommand(3, "", text))))
    assert (finding.verdict, finding.observed) == ("failed", "not logged in to a backend")
    assert "`agent-platform login URL`" in finding.fix


def test_an_encrypted_stack_without_its_passphrase_fails(tmp_path: Path) -> None:
    finding = backend.check_secrets_provider(check_input(stack_file(tmp_path, WITH_SALT)))
    assert (finding.verdict, finding.fix) == (
        "failed", "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
    )  # fmt: skip


def test_a_passphrase_in_the_environment_is_ok(tmp_path: Path) -> None:
    facts = check_input(stack_file(tmp_path, WITH_SALT), environment={"PULUMI_CONFIG_PASSPHRASE": "hunter2"})
    finding = backend.check_secrets_provider(facts)
    assert (finding.verdict, finding.observed) == ("ok", "the passphrase is set in PULUMI_CONFIG_PASSPHRASE")


def test_an_empty_passphrase_is_unknown_because_it_may_be_an_unset_secret(tmp_path: Path) -> None:
    facts = check_input(stack_file(tmp_path, WITH_SALT), environment={"PULUMI_CONFIG_PASSPHRASE": ""})
    assert backend.check_secrets_provider(facts).verdict == "unknown"


def test_a_passphrase_file_must_exist(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    facts = check_input(stack_file(tmp_path, WITH_SALT), environment={"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)})
    assert backend.check_secrets_provider(facts).verdict == "failed"
    file.write_text("hunter2", encoding="utf-8")
    assert backend.check_secrets_provider(facts).verdict == "ok"


@pytest.mark.parametrize("scheme", ["awskms", "azurekeyvault", "gcpkms", "hashivault"])
def test_a_key_service_needs_no_passphrase(tmp_path: Path, scheme: str) -> None:
    facts = check_input(stack_file(tmp_path, f"secretsprovider: {scheme}://alias/state\nencryptedkey: abc\n"))
    assert backend.check_secrets_provider(facts).verdict == "ok"


def test_an_unknown_secrets_provider_fails(tmp_path: Path) -> None:
    finding = backend.check_secrets_provider(check_input(stack_file(tmp_path, "secretsprovider: vaultish://x\n")))
    assert finding.verdict == "failed"
    assert "use `passphrase` or a URL of awskms" in finding.fix


def test_a_new_stack_without_secrets_provider_is_unknown_with_the_command_that_sets_one(tmp_path: Path) -> None:
    finding = backend.check_secrets_provider(check_input(stack_file(tmp_path, NEW_STACK)))
    assert finding.verdict == "unknown"
    assert "agent-platform up trial --create --secrets-provider" in finding.fix


def test_pulumi_cloud_encrypts_the_secrets(tmp_path: Path) -> None:
    whoami = CompletedCommand(0, '{"user": "ci", "url": "https://app.pulumi.com/ci"}', "")
    facts = check_input(stack_file(tmp_path, NEW_STACK), run=cli_result(whoami))
    assert backend.check_secrets_provider(facts).observed == "the backend encrypts the secrets"


def test_a_new_stack_in_a_folder_uses_the_passphrase_of_the_environment(tmp_path: Path) -> None:
    variables = {"PULUMI_BACKEND_URL": "file:///state", "PULUMI_CONFIG_PASSPHRASE": "hunter2"}
    finding = backend.check_secrets_provider(check_input(stack_file(tmp_path, NEW_STACK), environment=variables))
    assert (finding.verdict, "hunter2" in str(finding)) == ("ok", False)
