"""Credentials of a cloud that the environment and the home folder offer, by name, and URLs without credentials. Pure.

No value is read or printed, and credentials that exist may still be invalid: only a query of the cloud shows that. The
role of a machine (instance metadata) is not visible here, so a machine without any of these may still have credentials.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


@dataclass(frozen=True)
class CredentialSource:
    """Source of credentials: variables that are all required, or a file.

    The path of the file is the value of `file_variable`, else its name in the folder of `folder_variable`, else `file`
    in the home folder.
    """

    description: str
    variables: tuple[str, ...] = ()
    file: str = ""
    file_variable: str = ""
    folder_variable: str = ""


@dataclass(frozen=True)
class CloudCredentials:
    """Sources of a cloud in the order in which its provider tries them, login command and page of the quotas."""

    sources: tuple[CredentialSource, ...]
    login: str
    quota_page: str


@dataclass(frozen=True)
class DetectedCredentials:
    """Descriptions of the complete sources, and of each incomplete source the variable that is set and one that is not."""

    complete: tuple[str, ...]
    incomplete: tuple[tuple[str, str], ...]


CLOUDS: Mapping[str, CloudCredentials] = {
    "aws": CloudCredentials(
        sources=(
            CredentialSource("an access key in the environment", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
            CredentialSource("a web identity (OIDC)", ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN")),
            CredentialSource("the profile in AWS_PROFILE", ("AWS_PROFILE",)),
            CredentialSource("the role of the container", ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",)),
            CredentialSource("the role of the container", ("AWS_CONTAINER_CREDENTIALS_FULL_URI",)),
            CredentialSource(
                "a credentials file", file=".aws/credentials", file_variable="AWS_SHARED_CREDENTIALS_FILE"
            ),
            CredentialSource("a configuration file", file=".aws/config", file_variable="AWS_CONFIG_FILE"),
        ),
        login="aws sso login",
        quota_page="https://console.aws.amazon.com/servicequotas/home",
    ),
    "gcp": CloudCredentials(
        sources=(
            CredentialSource("an access token in the environment", ("GOOGLE_OAUTH_ACCESS_TOKEN",)),
            CredentialSource("credentials in GOOGLE_CREDENTIALS", ("GOOGLE_CREDENTIALS",)),
            CredentialSource(
                "the file in GOOGLE_APPLICATION_CREDENTIALS", file_variable="GOOGLE_APPLICATION_CREDENTIALS"
            ),
            CredentialSource(
                "application-default credentials",
                file=".config/gcloud/application_default_credentials.json",
                folder_variable="CLOUDSDK_CONFIG",
            ),
        ),
        login="gcloud auth application-default login",
        quota_page="https://console.cloud.google.com/iam-admin/quotas",
    ),
    "azure": CloudCredentials(
        sources=(
            CredentialSource(
                "a GitHub token (OIDC)", ("ARM_USE_OIDC", "ARM_CLIENT_ID", "ACTIONS_ID_TOKEN_REQUEST_URL")
            ),
            CredentialSource("a token (OIDC)", ("ARM_USE_OIDC", "ARM_CLIENT_ID", "ARM_OIDC_TOKEN")),
            CredentialSource("a token file (OIDC)", ("ARM_USE_OIDC", "ARM_CLIENT_ID", "ARM_OIDC_TOKEN_FILE_PATH")),
            CredentialSource("a client secret", ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET")),
            CredentialSource("a client certificate", ("ARM_CLIENT_ID", "ARM_CLIENT_CERTIFICATE_PATH")),
            CredentialSource("the managed identity of the machine", ("ARM_USE_MSI",)),
            CredentialSource(
                "the login of the Azure CLI", file=".azure/azureProfile.json", folder_variable="AZURE_CONFIG_DIR"
            ),
        ),
        login="az login",
        quota_page="https://learn.microsoft.com/azure/container-apps/quotas",
    ),
}
"""Sources: "Configuration" of the providers' pages in the Pulumi registry, and each cloud SDK's credential chain."""


def detect_credentials(cloud: str, environment: Mapping[str, str], home: Path) -> DetectedCredentials:
    """Return the credentials that exist for a cloud of the table."""
    sources = CLOUDS[cloud].sources
    complete = [source for source in sources if _is_complete(source, environment, home)]
    used = {name for source in complete for name in source.variables}
    incomplete = [
        pair for source in sources if source not in complete and (pair := _incomplete(source, environment, used))
    ]
    # Several sources share a variable; the first source is enough to name what is missing.
    first = {name: missing for name, missing in reversed(incomplete)}
    descriptions = dict.fromkeys(source.description for source in complete)
    return DetectedCredentials(tuple(descriptions), tuple(reversed(first.items())))


def _is_complete(source: CredentialSource, environment: Mapping[str, str], home: Path) -> bool:
    if source.variables:
        return all(environment.get(name) for name in source.variables)
    path, folder = environment.get(source.file_variable), environment.get(source.folder_variable)
    if path:
        return Path(path).is_file()
    return bool(source.file) and (Path(folder) / Path(source.file).name if folder else home / source.file).is_file()


def _incomplete(source: CredentialSource, environment: Mapping[str, str], used: set[str]) -> tuple[str, str] | None:
    """Return a variable that is set and used by no complete source, and the first variable that is missing."""
    present = [name for name in source.variables if environment.get(name)]
    missing = [name for name in source.variables if name not in present]
    return (present[0], missing[0]) if present and missing and present[0] not in used else None


def without_credentials(url: str) -> str:
    """Return the URL of a state backend without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url
