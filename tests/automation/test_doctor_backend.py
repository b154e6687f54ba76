"""The doctor on state and sealing: the backend opens, and what seals the secrets is at hand."""

from pathlib import Path

import pytest

from automation.engine.checks import backend
from automation.engine.run import Ran
from tests.automation.examined import case, running

WHO = Ran(0, '{"user": "ci", "url": "s3://state/agents?region=us-west-2&token=hunter2"}', "")
SALTED = "encryptionsalt: v1:abc\n"


def stack_file(folder: Path, text: str) -> Path:
    (folder / "Pulumi.trial.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_backend_that_answers_is_allowed_and_its_query_stays_untold(tmp_path: Path) -> None:
    found = backend.reachable(case(tmp_path, run=running(WHO)))
    assert (found.verdict, found.told) == ("allowed", "state is kept at s3://state/agents as ci")


def test_a_backend_that_does_not_open_is_refused_by_name_and_kind(tmp_path: Path) -> None:
    ended = Ran(1, "", "error: unable to open state directory: stat /state: no such file or directory")
    told = case(tmp_path, environment={"PULUMI_BACKEND_URL": "file:///state"}, run=running(ended))
    found = backend.reachable(told)
    assert (found.verdict, found.told) == ("refused", "the backend file:///state does not open: it does not exist")


def test_a_backend_that_keeps_silent_is_refused(tmp_path: Path) -> None:
    found = backend.reachable(case(tmp_path, run=running(Ran(None, "", ""))))
    assert found.verdict == "refused"
    assert "no answer came in time" in found.told


def test_where_nobody_is_logged_in_the_command_for_it_is_told(tmp_path: Path) -> None:
    ended = Ran(3, "", "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions")
    found = backend.reachable(case(tmp_path, run=running(ended)))
    assert (found.verdict, found.told) == ("refused", "nobody is logged in to a backend")
    assert "`pulumi login <url>`" in found.advice


def test_a_sealed_stack_without_its_passphrase_is_refused(tmp_path: Path) -> None:
    found = backend.secrets_provider(case(stack_file(tmp_path, SALTED)))
    assert (found.verdict, found.advice) == ("refused", "set one of them")


def test_a_passphrase_of_the_environment_opens_a_sealed_stack(tmp_path: Path) -> None:
    told = case(stack_file(tmp_path, SALTED), environment={"PULUMI_CONFIG_PASSPHRASE": "hunter2"})
    found = backend.secrets_provider(told)
    assert (found.verdict, found.told) == ("allowed", "the passphrase comes from PULUMI_CONFIG_PASSPHRASE")


def test_an_empty_passphrase_may_be_one_that_nobody_set(tmp_path: Path) -> None:
    told = case(stack_file(tmp_path, SALTED), environment={"PULUMI_CONFIG_PASSPHRASE": ""})
    assert backend.secrets_provider(told).verdict == "unknown"


def test_a_passphrase_file_must_be_there(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    told = case(stack_file(tmp_path, SALTED), environment={"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)})
    assert backend.secrets_provider(told).verdict == "refused"
    file.write_text("hunter2", encoding="utf-8")
    assert backend.secrets_provider(told).verdict == "allowed"


@pytest.mark.parametrize("scheme", ["awskms", "azurekeyvault", "gcpkms", "hashivault"])
def test_a_key_service_needs_no_passphrase(tmp_path: Path, scheme: str) -> None:
    told = case(stack_file(tmp_path, f"secretsprovider: {scheme}://alias/state\nencryptedkey: abc\n"))
    assert backend.secrets_provider(told).verdict == "allowed"


def test_an_unheard_of_secrets_provider_is_refused(tmp_path: Path) -> None:
    found = backend.secrets_provider(case(stack_file(tmp_path, "secretsprovider: vaultish://x\n")))
    assert found.verdict == "refused"
    assert "name passphrase, or a URL of awskms" in found.advice


def test_a_new_stack_is_told_what_it_could_be_sealed_by(tmp_path: Path) -> None:
    found = backend.secrets_provider(case(stack_file(tmp_path, "config: {}\n")))
    assert found.verdict == "unknown"
    assert "pulumi stack init trial --secrets-provider" in found.advice


def test_pulumi_cloud_seals_by_itself(tmp_path: Path) -> None:
    who = Ran(0, '{"user": "ci", "url": "https://app.pulumi.com/ci"}', "")
    told = case(stack_file(tmp_path, "config: {}\n"), run=running(who))
    assert backend.secrets_provider(told).told == "the backend seals secrets itself"


def test_a_new_stack_in_a_folder_is_sealed_by_the_passphrase_at_hand(tmp_path: Path) -> None:
    known = {"PULUMI_BACKEND_URL": "file:///state", "PULUMI_CONFIG_PASSPHRASE": "hunter2"}
    found = backend.secrets_provider(case(stack_file(tmp_path, "config: {}\n"), environment=known))
    assert (found.verdict, "hunter2" in str(found)) == ("allowed", False)
