"""Which credentials of a cloud are there at all, by name: read from environment variables and profile files. Pure data.

No value is read or shown. What is found says nothing of whether the cloud takes it: that is asked of the cloud itself.
A machine's own role (instance metadata) leaves no trace here, so `nothing found` is no refusal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Kind:
    """One way to bring credentials: variables that are all needed, or a file.

    The file stands where `file_variable` says, else in the folder of `folder_variable`, else at `file` in one's home.
    """

    told: str
    variables: tuple[str, ...] = ()
    file: str = ""
    file_variable: str = ""
    folder_variable: str = ""


@dataclass(frozen=True)
class CloudCredentials:
    """A cloud's ways in the order in which its provider tries them, its command to log in, what is asked and where."""

    kinds: tuple[Kind, ...]
    login: str
    account: str
    quota_page: str


@dataclass(frozen=True)
class FoundCredentials:
    """Ways that are complete, and variables of incomplete ones: (set, missing)."""

    complete: tuple[str, ...]
    halves: tuple[tuple[str, str], ...]


CLOUDS: Mapping[str, CloudCredentials] = {
    "aws": CloudCredentials(
        kinds=(
            Kind("an access key in the environment", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
            Kind("a web identity (OIDC)", ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN")),
            Kind("the profile that AWS_PROFILE names", ("AWS_PROFILE",)),
            Kind("a role of the container", ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",)),
            Kind("a role of the container", ("AWS_CONTAINER_CREDENTIALS_FULL_URI",)),
            Kind("a credentials file", file=".aws/credentials", file_variable="AWS_SHARED_CREDENTIALS_FILE"),
            Kind("a configuration file", file=".aws/config", file_variable="AWS_CONFIG_FILE"),
        ),
        login="aws sso login",
        account="aws.account_id",
        quota_page="https://console.aws.amazon.com/servicequotas/home",
    ),
    "gcp": CloudCredentials(
        kinds=(
            Kind("an access token in the environment", ("GOOGLE_OAUTH_ACCESS_TOKEN",)),
            Kind("credentials in GOOGLE_CREDENTIALS", ("GOOGLE_CREDENTIALS",)),
            Kind("the file that GOOGLE_APPLICATION_CREDENTIALS names", file_variable="GOOGLE_APPLICATION_CREDENTIALS"),
            Kind(
                "application-default credentials",
                file=".config/gcloud/application_default_credentials.json",
                folder_variable="CLOUDSDK_CONFIG",
            ),
        ),
        login="gcloud auth application-default login",
        account="gcp.project",
        quota_page="https://console.cloud.google.com/iam-admin/quotas",
    ),
    "azure": CloudCredentials(
        kinds=(
            Kind("GitHub's token (OIDC)", ("ARM_USE_OIDC", "ARM_CLIENT_ID", "ACTIONS_ID_TOKEN_REQUEST_URL")),
            Kind("a token (OIDC)", ("ARM_USE_OIDC", "ARM_CLIENT_ID", "ARM_OIDC_TOKEN")),
            Kind("a token file (OIDC)", ("ARM_USE_OIDC", "ARM_CLIENT_ID", "ARM_OIDC_TOKEN_FILE_PATH")),
            Kind("a client secret", ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET")),
            Kind("a client certificate", ("ARM_CLIENT_ID", "ARM_CLIENT_CERTIFICATE_PATH")),
            Kind("the machine's identity", ("ARM_USE_MSI",)),
            Kind("the login of the Azure CLI", file=".azure/azureProfile.json", folder_variable="AZURE_CONFIG_DIR"),
        ),
        login="az login",
        account="azure.subscription_id",
        quota_page="https://learn.microsoft.com/azure/container-apps/quotas",
    ),
}
"""Sources: "Configuration" of the providers' pages in the Pulumi registry, and each cloud SDK's credential chain."""


def credentials_found(cloud: str, environment: Mapping[str, str], home: Path) -> FoundCredentials:
    """What is there for a cloud of the table."""
    kinds = CLOUDS[cloud].kinds
    whole = [kind for kind in kinds if _there(kind, environment, home)]
    covered = {name for kind in whole for name in kind.variables}
    halves = [half for kind in kinds if kind not in whole and (half := _half(kind, environment, covered))]
    # one variable may begin several ways; the first way says enough
    first = {name: missing for name, missing in reversed(halves)}
    return FoundCredentials(tuple(dict.fromkeys(kind.told for kind in whole)), tuple(reversed(first.items())))


def _there(kind: Kind, environment: Mapping[str, str], home: Path) -> bool:
    if kind.variables:
        return all(environment.get(name) for name in kind.variables)
    named, folder = environment.get(kind.file_variable), environment.get(kind.folder_variable)
    if named:
        return Path(named).is_file()
    return bool(kind.file) and (Path(folder) / Path(kind.file).name if folder else home / kind.file).is_file()


def _half(kind: Kind, environment: Mapping[str, str], covered: set[str]) -> tuple[str, str] | None:
    """The variable of an incomplete way that is set for no other one, and the first that is missing."""
    given = [name for name in kind.variables if environment.get(name)]
    missing = [name for name in kind.variables if name not in given]
    return (given[0], missing[0]) if given and missing and given[0] not in covered else None
