"""Checks of identities, rights, keys and secrets on Azure. Pure."""

from collections.abc import Iterator

from providers.contract.audit import (
    AuditSite,
    CheckEvidence,
    equals,
    is_false,
    is_secret_name,
    is_set,
    is_true,
    require,
    require_one,
    state,
)
from providers.contract.json_data import is_list, mappings

BROAD_ROLES = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
APP_ROLES = {
    "358470bc-b998-42bd-ab17-a7e34c199c0f": "Container Apps Contributor",
    "4e3d2b60-56ae-4dc6-a233-09c8e5a82e68": "Container Apps Jobs Contributor",
}
GROUP_ROLES = {"43d0d8ad-25c7-4714-9337-8ba259a9fe05": "Monitoring Reader"}
"""Roles that Grafana has on the resource group, whose metrics it shows."""

ROLE_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments/write"


def rights_name_actions(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the role of each assignment; some have more rights than any service needs."""
    for assignment in site.of_type("authorization:RoleAssignment"):
        role = str(assignment.value("roleDefinitionId")).rpartition("/")[2]
        yield state(
            assignment, "roleDefinitionId", role, role not in BROAD_ROLES, f"the role {BROAD_ROLES.get(role, '')}"
        )


def rights_name_resources(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the scope of each assignment, which is one resource."""
    for assignment in site.of_type("authorization:RoleAssignment"):
        scope, role = str(assignment.value("scope")), str(assignment.value("roleDefinitionId")).rpartition("/")[2]
        whole = scope.startswith("<resources:ResourceGroup") or (
            scope.startswith("/subscriptions/") and scope.count("/") <= 4
        )
        yield state(
            assignment, "scope", scope, not whole or role in GROUP_ROLES, "applies to a whole group or subscription"
        )


def own_identity_per_service(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the identities of each app, of which one is no other app's."""
    known: set[str] = set()
    for app in site.of_type("app:ContainerApp"):
        identities = app.value("identity", "userAssignedIdentities")
        own = {str(each) for each in identities} if is_list(identities) else set[str]()
        yield state(app, "identity.userAssignedIdentities", sorted(own), bool(own - known), "has no separate identity")
        known |= own


def trust_is_narrow(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the subject of each trusted issuer, which names one repository and environment."""
    for credential in site.of_type("managedidentity:FederatedIdentityCredential"):
        subject = str(credential.value("subject") or "")
        narrow = subject.startswith("repo:") and "*" not in subject
        yield state(credential, "subject", subject or "none", narrow, "more than one repository is trusted")


def no_lasting_keys(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what accepts keys or passwords in place of an identity."""
    why = "accepts a key that does not expire"
    yield from require(site.of_type("storage:StorageAccount"), "allowSharedKeyAccess", is_false_only, why)
    yield from require(site.of_type("containerregistry:Registry"), "adminUserEnabled", is_false, why)
    yield from require(site.of_type("operationalinsights:Workspace"), "features.disableLocalAuth", is_true, why)
    yield from require(site.of_type("cognitiveservices:Account"), "properties.disableLocalAuth", is_true, why)
    yield from require(
        site.of_type("dbforpostgresql:Server"), "authConfig.passwordAuth", equals("Disabled"), "accepts a password"
    )
    yield from require(site.of_type("redisenterprise:Database"), "accessKeysAuthentication", equals("Disabled"), why)


def is_false_only(value: object) -> bool:
    """Return whether a value is false; one that is not set means true."""
    return value is False


def pass_role_and_run(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield identities that may change what an app runs, which keeps the identity of the app."""
    for assignment in site.of_type("authorization:RoleAssignment"):
        role = str(assignment.value("roleDefinitionId")).rpartition("/")[2]
        if role in APP_ROLES:
            why = f"{APP_ROLES[role]}: its user may run any image with the identity of the app"
            yield state(assignment, "roleDefinitionId", role, False, why)


def keys_rotate(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the rotation of keys of the stack, of which a stack without `azure.customer_managed_keys` has none."""
    keys = site.of_type("keyvault:Key")
    yield from require_one(
        keys, "keyvault:Key", "data is encrypted with keys of Microsoft, whose rotation has no evidence"
    )
    yield from require(keys, "properties.rotationPolicy", is_set, "the key material never changes")


def secrets_rotate(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the expiry of every secret."""
    yield from require(site.of_type("keyvault:Secret"), "properties.attributes.expires", is_set, "does not expire")


def permission_changes_are_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield alerts on changes of role assignments that notify."""
    alerts = [
        each
        for each in site.of_type("monitor:ActivityLogAlert")
        if ROLE_ASSIGNMENTS in str(each.value("condition")) and is_set(each.value("actions", "actionGroups"))
    ]
    yield from require_one(alerts, f"alert on {ROLE_ASSIGNMENTS}", "nothing watches changes of permissions")


def stored_data_has_our_key(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the key of every store."""
    why = "encrypted with a key of Microsoft"
    yield from require(site.of_type("dbforpostgresql:Server"), "dataEncryption.primaryKeyURI", is_set, why)
    yield from require(
        site.of_type("storage:StorageAccount"), "encryption.keySource", equals("Microsoft.Keyvault"), why
    )
    yield from require(
        site.of_type("redisenterprise:RedisEnterprise"),
        "encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl",
        is_set,
        why,
    )
    yield from require(site.of_type("containerregistry:Registry"), "encryption.status", equals("enabled"), why)


def no_secret_in_plain(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield variables of containers whose names promise a secret."""
    for app in site.of_type("app:ContainerApp"):
        plain = [
            str(each.get("name"))
            for container in app.items("template", "containers")
            for each in mappings(container.get("env"))
            if is_secret_name(str(each.get("name"))) and not each.get("secretRef")
        ]
        yield state(
            app, "template.containers.env", plain or "no secret", not plain, "a plain variable has the name of a secret"
        )
