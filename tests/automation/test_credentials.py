"""Sources of credentials, and causes of provider errors."""

from pathlib import Path

import pytest

from automation.engine.credentials import CLOUDS, detect_credentials
from automation.engine.provider_errors import PATTERNS, UNCLASSIFIED, error_of_kind, error_of_text
from providers import AVAILABLE


def create_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_every_cloud_with_an_adapter_has_sources_of_credentials() -> None:
    assert set(AVAILABLE) - set(CLOUDS) == {"docker", "kubernetes"} & set(AVAILABLE), (
        "a host and a kubeconfig need no login"
    )


@pytest.mark.parametrize(
    ("cloud", "file"),
    [
        ("aws", ".aws/credentials"),
        ("gcp", ".config/gcloud/application_default_credentials.json"),
        ("azure", ".azure/azureProfile.json"),
    ],
)
def test_a_login_of_the_cloud_cli_is_found_in_the_home_folder(tmp_path: Path, cloud: str, file: str) -> None:
    assert detect_credentials(cloud, {}, tmp_path).complete == ()
    create_file(tmp_path / file)
    assert len(detect_credentials(cloud, {}, tmp_path).complete) == 1


@pytest.mark.parametrize(
    ("cloud", "variable", "name"),
    [
        ("gcp", "CLOUDSDK_CONFIG", "application_default_credentials.json"),
        ("azure", "AZURE_CONFIG_DIR", "azureProfile.json"),
    ],
)
def test_a_login_is_found_in_the_folder_of_its_variable(tmp_path: Path, cloud: str, variable: str, name: str) -> None:
    moved = create_file(tmp_path / "moved" / name).parent
    assert detect_credentials(cloud, {variable: str(moved)}, tmp_path).complete
    assert not detect_credentials(cloud, {variable: str(tmp_path)}, tmp_path).complete


def test_a_variable_with_a_missing_file_is_no_credential(tmp_path: Path) -> None:
    environment = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json")}
    assert detect_credentials("gcp", environment, tmp_path).complete == ()
    create_file(tmp_path / "key.json")
    assert len(detect_credentials("gcp", environment, tmp_path).complete) == 1


def test_a_github_token_is_complete_for_azure(tmp_path: Path) -> None:
    environment = {"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": "id", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://example.com"}
    assert detect_credentials("azure", environment, tmp_path).complete == ("a GitHub token (OIDC)",)


def test_a_variable_of_a_complete_source_does_not_make_another_incomplete(tmp_path: Path) -> None:
    detected = detect_credentials("azure", {"ARM_CLIENT_ID": "id", "ARM_CLIENT_SECRET": "s"}, tmp_path)
    assert (detected.complete, detected.incomplete) == (("a client secret",), ())


def test_an_incomplete_source_names_the_variables_that_are_set_and_missing(tmp_path: Path) -> None:
    detected = detect_credentials("azure", {"ARM_CLIENT_ID": "id"}, tmp_path)
    assert detected.incomplete == (("ARM_CLIENT_ID", "ARM_USE_OIDC"),)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("error: no resource plugin 'pulumi-resource-aws' found: dial tcp: no such host", "plugin"),
        ("Get https://sts.us-west-2.amazonaws.com: dial tcp: lookup sts: no such host", "network"),
        ("Cloud Quotas API has not been used in project 1 before or it is disabled. SERVICE_DISABLED 403", "service"),
        ("operation error STS: GetCallerIdentity, api error ExpiredToken: The security token is expired", "expired"),
        ("oauth2: invalid_grant reauth related error", "expired"),
        ("No valid credential sources found", "credentials"),
        ("google: could not find default credentials", "credentials"),
        ("DefaultAzureCredential: failed to acquire a token. run az login", "credentials"),
        ("googleapi: Error 403: The caller does not have permission, PERMISSION_DENIED", "denied"),
        ("AccessDeniedException: User is not authorized to perform servicequotas:GetServiceQuota", "denied"),
        ('code="AuthorizationFailed"', "denied"),
        ("blob (code=NotFound): NoSuchBucket", "missing"),
        ("something else entirely", "other"),
    ],
)
def test_an_error_text_has_a_kind(text: str, kind: str) -> None:
    assert error_of_text(text).kind == kind


def test_an_error_is_restored_from_its_kind() -> None:
    assert [error_of_kind(error.kind) for _, error in PATTERNS] == [error for _, error in PATTERNS]
    assert error_of_kind("missing kind") == UNCLASSIFIED
