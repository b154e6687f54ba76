"""PostgreSQL of CloudNativePG, or an external server.

A Cluster has the fixed name `database`; clients connect to the Service `database-rw` of the operator, which always is the
primary. The owner's password is ours, because the operator's own would not be known to this program. A changed password is a
new Secret, which the Cluster then names as that of the role.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_random as random

from providers.contract.component import Scope
from providers.contract.credentials import LIBPQ_SCHEME, SQLALCHEMY_SCHEME, generated_password, postgres_url
from providers.contract.results import Database, SecretRef
from providers.contract.spec import DatabaseSpec
from providers.contract.variables import DATABASE_URL
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import (
    SECRETS,
    TIMEOUT_SECONDS,
    WAIT_FOR,
    create_opaque,
    encoded,
    generated_name,
    metadata,
)
from providers.kubernetes.database.cluster import (
    DATABASE_NAME,
    KEY_ID,
    REGION_KEY,
    SECRET_KEY,
    STORE,
    USERNAME,
    archive_plugin,
    cluster_spec,
    object_store_spec,
    scheduled_backup_spec,
)
from providers.kubernetes.database.custom_resources import (
    CLUSTER_API,
    RELOAD_LABEL,
    STORE_API,
    Bootstrap,
    LocalReference,
    ManagedRole,
    Plugin,
)
from providers.kubernetes.database.network import create_database_policy
from providers.kubernetes.naming import DATABASE
from providers.kubernetes.network.flows import DATABASE_PORT

HOST = f"{DATABASE}-rw"
READY_SECONDS = 1800
"""Time for the first volumes, images and initialization; a restart of three instances takes some minutes."""
FOLDER_CHARACTERS = 6


@dataclass(frozen=True)
class KubernetesDatabase(Database):
    """Database; `cluster` and `folder` are None for an external server, `folder` also without backups."""

    cluster: pulumi.Resource | None
    folder: pulumi.Output[str] | None
    """Folder of the bucket with backups and archived changes."""


def create_database(scope: Scope, base: KubernetesBaseResources) -> KubernetesDatabase:
    """Database for the services that use it."""
    spec = base.spec.database
    if spec is None:
        raise ValueError("the platform has no database")
    if base.context.block.database.external:
        return _external(scope, base)
    password = generated_password(scope)
    store, folder = _store(scope, base, spec) if spec.backup.retention_days > 0 else (None, None)
    cluster = _cluster(scope, base, spec, password, store, folder)
    if store is not None:
        _scheduled_backup(scope, base, spec, cluster)

    def secret(part: str, scheme: str) -> SecretRef:
        url = postgres_url(USERNAME, password, HOST, DATABASE_PORT, DATABASE_NAME, scheme=scheme)
        return _after(base.secret(scope, part, url), cluster)

    return KubernetesDatabase(
        host=pulumi.Output.from_input(HOST),
        port=DATABASE_PORT,
        name=DATABASE_NAME,
        username=USERNAME,
        url=secret("url", SQLALCHEMY_SCHEME),
        plain_url=secret("plain-url", LIBPQ_SCHEME),
        password=_after(base.secret(scope, "password-value", password), cluster),
        cluster=cluster,
        folder=folder,
    )


def _after(reference: SecretRef, cluster: pulumi.Resource) -> SecretRef:
    """Reference whose readers start when the database is ready; one that starts before could not connect."""
    return SecretRef(reference.name, reference.reference, reference.version, (*reference.grants, cluster))


def _cluster(
    scope: Scope,
    base: KubernetesBaseResources,
    spec: DatabaseSpec,
    password: pulumi.Output[str],
    store: pulumi.Resource | None,
    folder: pulumi.Output[str] | None,
) -> pulumi.Resource:
    """Cluster, protected when `database.deletion_protection` is true: its volumes are deleted with it."""
    owner = create_login(scope, base, "owner", password)
    plugins: list[Plugin] = [archive_plugin(folder)] if folder is not None else []
    login: LocalReference = {"name": generated_name(owner)}
    bootstrap: Bootstrap = {
        "initdb": {
            "database": DATABASE_NAME,
            "owner": USERNAME,
            "secret": login,
            "dataChecksums": True,
            "encoding": "UTF8",
        }
    }
    settings = cluster_spec(
        base.context, spec, bootstrap, scope.tags, plugins=plugins, pull_secrets=base.registry.pull_secrets
    )
    role: ManagedRole = {"name": USERNAME, "ensure": "present", "login": True, "passwordSecret": login}
    settings["managed"] = {"roles": [role]}
    policy = create_database_policy(scope, base, DATABASE, DATABASE)
    annotations = {WAIT_FOR: "condition=Ready", TIMEOUT_SECONDS: str(READY_SECONDS)}
    return kubernetes.apiextensions.CustomResource(
        scope.named(),
        api_version=CLUSTER_API,
        kind="Cluster",
        metadata=metadata(scope, base.context, DATABASE, DATABASE, annotations=annotations),
        spec=settings,
        opts=scope.opts(
            # it says how the first instance was created: that of a Cluster that was restored by hand differs
            ignore_changes=["spec.bootstrap"],
            protect=spec.deletion_protection,
            # without the policies the instances reach neither the API server nor each other, and initialization never ends
            depends_on=[*base.ready(), policy, *([store] if store else [])],
        ),
    )


def create_login(
    scope: Scope, base: KubernetesBaseResources, part: str, password: pulumi.Output[str]
) -> "kubernetes.core.v1.Secret":
    """Secret with the user name of the services and a password, as the operator reads it."""
    return kubernetes.core.v1.Secret(
        scope.named(part),
        metadata=metadata(scope, base.context, SECRETS, labels=RELOAD_LABEL),
        type="kubernetes.io/basic-auth",
        immutable=True,
        data={"username": base64.b64encode(USERNAME.encode()).decode(), "password": encoded(password)},
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )


def _store(
    scope: Scope, base: KubernetesBaseResources, spec: DatabaseSpec
) -> tuple[pulumi.Resource, pulumi.Output[str]]:
    """Bucket of the backups, and a folder that no earlier database of this name has filled."""
    suffix = random.RandomString(
        scope.named("folder"), length=FOLDER_CHARACTERS, special=False, upper=False, opts=scope.opts()
    )
    credentials = create_opaque(scope, base.context, "bucket-keys", bucket_keys(base), base.network.namespace)
    store = kubernetes.apiextensions.CustomResource(
        scope.named("store"),
        api_version=STORE_API,
        kind="ObjectStore",
        metadata=metadata(scope, base.context, DATABASE, STORE),
        spec=object_store_spec(base.context, spec, generated_name(credentials)),
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )
    return store, pulumi.Output.concat(DATABASE, "-", suffix.result)


def bucket_keys(base: KubernetesBaseResources) -> Mapping[str, pulumi.Output[str]]:
    """Keys of the bucket from the stack's secrets, and its region."""
    bucket = base.context.block.bucket
    return {
        KEY_ID: base.context.values.secret("AWS_ACCESS_KEY_ID"),
        SECRET_KEY: base.context.values.secret("AWS_SECRET_ACCESS_KEY"),
        REGION_KEY: pulumi.Output.from_input(bucket.region if bucket else ""),
    }


def _scheduled_backup(
    scope: Scope, base: KubernetesBaseResources, spec: DatabaseSpec, cluster: pulumi.Resource
) -> None:
    kubernetes.apiextensions.CustomResource(
        scope.named("backup"),
        api_version=CLUSTER_API,
        kind="ScheduledBackup",
        metadata=metadata(scope, base.context, DATABASE, f"{DATABASE}-nightly"),
        spec=scheduled_backup_spec(spec),
        # the first backup is taken at once, from a running server
        opts=scope.opts(depends_on=[cluster]),
    )


def _external(scope: Scope, base: KubernetesBaseResources) -> KubernetesDatabase:
    """Server of the stack secret DATABASE_URL, in the two forms that clients read."""
    url = base.context.values.secret(DATABASE_URL)

    def secret(part: str, scheme: str) -> SecretRef:
        return base.secret(scope, part, pulumi.Output.secret(url.apply(lambda text: with_scheme(text, scheme))))

    return KubernetesDatabase(
        host=url.apply(lambda text: urlsplit(text).hostname or ""),
        port=base.context.block.database.port,
        name="",
        username="",
        url=secret("url", SQLALCHEMY_SCHEME),
        plain_url=secret("plain-url", LIBPQ_SCHEME),
        cluster=None,
        folder=None,
    )


def with_scheme(url: str, scheme: str) -> str:
    """Return the URL with another scheme, such as the one of libpq in place of the one of SQLAlchemy."""
    return f"{scheme}://{url.partition('://')[2]}"
