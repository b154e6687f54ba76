"""Which credentials are there, by name; and what a cloud's error text means, in words of ours."""

from pathlib import Path

import pytest

from automation.engine.credentials import CLOUDS, credentials_found
from automation.engine.error_text import OTHER, TROUBLES, trouble_of, trouble_of_kind
from providers import AVAILABLE


def file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_every_cloud_with_an_adapter_has_its_ways_and_its_login() -> None:
    assert set(AVAILABLE) - set(CLOUDS) == {"docker"}, "this machine alone asks for no login"


@pytest.mark.parametrize(
    ("cloud", "place"),
    [
        ("aws", ".aws/credentials"),
        ("gcp", ".config/gcloud/application_default_credentials.json"),
        ("azure", ".azure/azureProfile.json"),
    ],
)
def test_a_login_of_the_clouds_own_tool_is_found_at_home(tmp_path: Path, cloud: str, place: str) -> None:
    assert credentials_found(cloud, {}, tmp_path).complete == ()
    file(tmp_path / place)
    assert len(credentials_found(cloud, {}, tmp_path).complete) == 1


@pytest.mark.parametrize(
    ("cloud", "variable", "name"),
    [
        ("gcp", "CLOUDSDK_CONFIG", "application_default_credentials.json"),
        ("azure", "AZURE_CONFIG_DIR", "azureProfile.json"),
    ],
)
def test_a_login_is_found_where_a_variable_moves_it(tmp_path: Path, cloud: str, variable: str, name: str) -> None:
    moved = file(tmp_path / "moved" / name).parent
    assert credentials_found(cloud, {variable: str(moved)}, tmp_path).complete
    assert not credentials_found(cloud, {variable: str(tmp_path)}, tmp_path).complete


def test_a_variable_that_names_no_file_is_no_credential(tmp_path: Path) -> None:
    named = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json")}
    assert credentials_found("gcp", named, tmp_path).complete == ()
    file(tmp_path / "key.json")
    assert len(credentials_found("gcp", named, tmp_path).complete) == 1


def test_githubs_token_is_enough_for_azure(tmp_path: Path) -> None:
    given = {"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": "id", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://example.com"}
    assert credentials_found("azure", given, tmp_path).complete == ("GitHub's token (OIDC)",)


def test_a_variable_that_serves_a_complete_way_is_no_half_of_another(tmp_path: Path) -> None:
    found = credentials_found("azure", {"ARM_CLIENT_ID": "id", "ARM_CLIENT_SECRET": "s"}, tmp_path)
    assert (found.complete, found.halves) == (("a client secret",), ())


def test_an_incomplete_way_names_what_is_set_and_what_is_missing(tmp_path: Path) -> None:
    found = credentials_found("azure", {"ARM_CLIENT_ID": "id"}, tmp_path)
    assert found.halves == (("ARM_CLIENT_ID", "ARM_USE_OIDC"),)


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
def test_an_error_text_is_told_by_its_kind(text: str, kind: str) -> None:
    assert trouble_of(text).kind == kind


def test_a_kind_travels_by_its_name() -> None:
    assert [trouble_of_kind(trouble.kind) for _, trouble in TROUBLES] == [trouble for _, trouble in TROUBLES]
    assert trouble_of_kind("never heard of") == OTHER
