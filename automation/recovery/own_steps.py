"""Steps of each failure with the commands of `agent-platform`, the same on every cloud. Pure.

Steps with the commands of a cloud come before or after them: `providers/<cloud>/recovery/plan.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from providers.contract.recovery_plan import CloudCommand, Incident, Place, RecoverySite, Step, Variable

SECRETS_FILE = ".env"
RESTORED_HOST = "RESTORED_HOST"
"""Variable with the address of a database that was restored beside that of a stack."""
COPY_ROWS = f"pg_dump --host=${RESTORED_HOST} --clean --if-exists --table=$TABLE | psql --single-transaction"
Steps = tuple[Step, ...]


@dataclass(frozen=True)
class OwnSteps:
    """Title of a failure, and the steps with this project's commands by phase, as functions of the stack's name."""

    title: str
    recover: Callable[[RecoverySite], Steps]
    assess: Callable[[RecoverySite], Steps] = lambda _site: ()
    rebuilds: bool = True
    """True when plain Pulumi can replace `agent-platform` in `recover`."""


def own_steps(place: Place) -> Mapping[Incident, OwnSteps]:
    """Return the steps of every failure in a place."""
    return {"cloud": ON_A_CLOUD, "host": ON_A_HOST, "cluster": ON_A_CLUSTER}[place]


def variables(site: RecoverySite) -> tuple[Variable, ...]:
    """Variables that the operator sets on every cloud."""
    return (
        Variable("NEW_STACK", "name of a stack that does not exist yet", f"{site.stack}-2"),
        Variable("NEW_STATE", "name for a new place of the Pulumi state", "acme-2"),
        Variable("RESTORE_TIME", "time before the fault, in UTC", "2026-01-31T10:00:00Z"),
        Variable("TABLE", "table whose rows are copied back", "agno_sessions"),
        Variable("OBJECT", "key of the lost object", "uploads/report.pdf"),
        Variable("IMAGE", "image on this machine or in another registry", "registry.example.com/chat:1.4.0"),
        Variable("RESTORED", "name of the restored database", f"{site.stack}-database-restored"),
    )


def drift(site: RecoverySite) -> Step:
    """Step that compares the cloud with the state."""
    return Step("Nothing differs from the state; exit code 3 means that something does.", own=("drift", site.stack))


def update(site: RecoverySite) -> Step:
    """Step that creates what is missing."""
    text = "Create what is missing. Read the preview: it must neither replace nor delete data."
    return Step(text, own=("up", site.stack))


def _refresh(site: RecoverySite) -> Step:
    return Step("Remove from the state what does not exist any more.", own=("refresh", site.stack))


def _import(site: RecoverySite) -> Step:
    return Step("Import what was restored. What it cannot identify, it lists.", own=("recover", site.stack))


def without_backups() -> Step:
    """Step for rows of a database without backups."""
    return Step("Nothing restores the rows. Set `database.backup.retention_days` before the next loss.")


def _missing(site: RecoverySite) -> Steps:
    return (_refresh(site), update(site))


def _restored(site: RecoverySite) -> Steps:
    rotate = Step(
        "If the password was rotated after the time of the backup: replace it again.",
        own=("rotate", site.stack, "database-password"),
    )
    return (_refresh(site), _import(site), update(site), rotate)


def _difference(site: RecoverySite) -> Steps:
    return (Step("Parts that are missing or changed.", own=("drift", site.stack)),)


def copy_rows(site: RecoverySite, stack: str = "") -> Step:
    """Step that copies rows from the database at RESTORED_HOST into that of the stack, or of another."""
    users = site.spec.users_of("database") or tuple(site.spec.services)
    version = site.spec.database.version if site.spec.database else ""
    text = (
        f"Copy the rows back, in a container of {users[0]}. Its image needs `pg_dump` and `psql` of PostgreSQL {version}, and "
        "the password must be that of the time of the backup. The table is replaced: copy single rows with a query instead."
    )
    return Step(text, own=("run", stack or site.stack, users[0], "--", "sh", "-c", COPY_ROWS))


def _new_stack(site: RecoverySite) -> Steps:
    place = {"aws": "`aws.region`", "gcp": "`gcp.region`", "azure": "`azure.location`"}[site.spec.cloud]
    region = f"{site.standby}, " if site.standby else "a region that answers, "
    copy = CloudCommand(("cp", f"Pulumi.{site.stack}.yaml", "Pulumi.$NEW_STACK.yaml"))
    return (
        Step(
            f"Build the stack again under another name: copy its file, set {place} to {region}and remove the lines that begin "
            "with `secure:`, `encryptedkey` and `encryptionsalt`.",
            commands=(copy,),
        ),
        Step(
            "Store the secrets again, from where their values are kept.",
            own=("secret", "import", "$NEW_STACK", SECRETS_FILE),
        ),
        Step("Check the account.", own=("doctor", "$NEW_STACK")),
        Step("Create everything; it pushes the images that have a `build` key.", own=("up", "$NEW_STACK", "--create")),
    )


def _region(site: RecoverySite) -> Steps:
    if site.spec.recovery.mode == "none":
        wait = Step(
            "Wait for the region, unless an empty platform is better than none: the data is lost to a new stack."
        )
        return (wait, *_new_stack(site))
    return _served_there(site) if site.spec.recovery.mode == "warm" else _new_stack(site)


def _served_there(site: RecoverySite) -> Steps:
    """Steps that let the standby region serve, and the way back."""
    return (
        _by_itself(site),
        Step("Steps, commands and expected minutes, without a change.", own=("failover", site.stack, "--dry-run")),
        Step(
            f"Let {site.standby} serve. It says what is lost and asks; interrupted, it continues when it is run again. A database "
            "that was promoted by hand is taken over.",
            own=("failover", site.stack),
        ),
        Step("When the home region answers again: reduce it.", own=("up", site.stack)),
        Step(
            "Return to it, hours later. Where its old database does not follow by itself, it is deleted after a last snapshot, and the "
            "data is copied back; with --dry-run every step is shown.",
            own=("failback", site.stack),
        ),
    )


def _by_itself(site: RecoverySite) -> Step:
    """Step of a schedule, or what allows one."""
    minutes, by_schedule = (
        site.spec.recovery.failover_timeout_minutes,
        ("failover", site.stack, "--when-unreachable", "--yes"),
    )
    if minutes is None:
        return Step(
            "Nothing fails over by itself. To let a schedule do it, set `recovery.failover_timeout_minutes` and run "
            f"`agent-platform {' '.join(by_schedule)}` every few minutes outside of the region."
        )
    return Step(
        f"A schedule outside of the region runs this: after three failed checks it lets {site.standby} serve, within {minutes:g} min. "
        f"`agent-platform recovery status {site.stack}` shows how far it is; when it is held, or does not run, continue by hand.",
        own=by_schedule,
    )


def _account(site: RecoverySite) -> Steps:
    text = (
        "If it cannot be restored: build the stack in another one, where it starts without its data. Set the account in the "
        "copy of the stack file as well."
    )
    return (Step(text), *_new_stack(site))


def _secret(site: RecoverySite) -> Steps:
    text = "If the value itself is wrong or lost: store a new one of its issuer, which `up` passes to the services."
    return (Step(text, own=("secret", "set", site.stack, site.spec.secrets[0])), *_missing(site))


def _service(site: RecoverySite) -> Steps:
    first = next(iter(site.spec.services))
    return (*_missing(site), Step("Read the log of a service that does not start.", own=("logs", site.stack, first)))


def _images(site: RecoverySite) -> Steps:
    built = any(service.build for service in site.spec.services.values())
    push = Step("Build and push the images of services with a `build` key.", own=("images", "push", site.stack))
    given = Step(
        "Images without a `build` key are pushed from where they are: `--from IMAGE`.",
        own=("images", "push", site.stack, next(iter(site.spec.services)), "--from", "$IMAGE"),
    )
    return (*_missing(site), push if built else given)


def _images_before(site: RecoverySite) -> Steps:
    return (Step("Images that the registry lacks.", own=("images", "list", site.stack)),)


def _state(site: RecoverySite) -> Steps:
    return (
        Step(
            "The bucket is lost: create another, and a key for the secrets.",
            own=("login", "--create-state", "$NEW_STATE", site.stack),
        ),
        Step("Create the empty stack in it.", own=("preview", site.stack, "--create")),
        Step("Store the secrets, if their key is lost too.", own=("secret", "import", site.stack, SECRETS_FILE)),
        Step("Import everything that exists with the tags of the stack.", own=("recover", site.stack)),
        Step(
            "Read the preview. Generated passwords are new and are set by `up`; whatever it would create and exists already, "
            "import with `pulumi import` before.",
            own=("preview", site.stack),
        ),
        update(site),
    )


def _secrets_key(site: RecoverySite) -> Steps:
    text = (
        "The key or the passphrase is lost: values and state cannot be decrypted. Remove `secretsprovider`, `encryptedkey`, "
        "`encryptionsalt` and the secrets from the stack file, remove the stack from the backend, and continue as for a lost "
        "state."
    )
    return (Step(text, commands=(CloudCommand(("pulumi", "stack", "rm", site.stack, "--force")),)), *_state(site))


def _adopted(site: RecoverySite) -> Steps:
    preview = Step(
        "The preview must not replace or create a database; otherwise stop, and read what `recover` listed.",
        own=("preview", site.stack),
    )
    return (_refresh(site), _import(site), preview, update(site))


def _host(site: RecoverySite) -> Steps:
    text = "Install Docker on another machine, and copy the project's folder with `.local` to it."
    return (Step(text), Step("Create everything.", own=("up", site.stack, "--create")))


def _host_state(site: RecoverySite) -> Steps:
    return (
        Step("The state file is damaged: replace it by the one before.", own=("recover", site.stack)),
        Step(
            "The state is lost: remove the containers and networks. Volumes are kept.",
            own=("destroy", site.stack, "--force-by-label"),
        ),
        Step("Create them again; the volumes are imported with their data.", own=("up", site.stack, "--create")),
    )


def _host_passphrase(site: RecoverySite) -> Steps:
    return (
        Step(
            "The passphrase is lost: remove the containers and networks; the state is moved aside. Volumes are kept.",
            own=("destroy", site.stack, "--force-by-label"),
        ),
        Step("Store the listed secrets again, if there are any.", own=("secret", "import", site.stack, SECRETS_FILE)),
        Step("Create them again; the volumes are imported with their data.", own=("up", site.stack, "--create")),
    )


def _cluster(site: RecoverySite) -> Steps:
    return (
        Step(
            "In another cluster, let its owner install what `agent-platform doctor` names, and set `kubernetes.context` and "
            "`kubernetes.cluster_uid` to it.",
            own=("doctor", site.stack),
        ),
        Step(
            "Nothing of the old cluster is left to change: forget its objects.",
            own=("refresh", site.stack),
        ),
        Step("Create everything; restore the database before that, as below.", own=("up", site.stack)),
    )


def _owner_of_bucket(_site: RecoverySite) -> Steps:
    return (Step("Let the owner of the bucket restore versions of the objects; the platform keeps no copies of them."),)


def _update(site: RecoverySite) -> Steps:
    return (update(site),)


ON_A_CLOUD: Mapping[Incident, OwnSteps] = {
    Incident.ZONE: OwnSteps("Loss of a zone", _missing, _difference),
    Incident.REGION: OwnSteps("Loss of the region", _region, rebuilds=False),
    Incident.ACCOUNT: OwnSteps("Loss of the account, project or subscription", _account, rebuilds=False),
    Incident.DATABASE: OwnSteps("Database deleted", _restored),
    Incident.ROWS: OwnSteps("Rows of the database lost or wrong", lambda site: (copy_rows(site),), rebuilds=False),
    Incident.BUCKET: OwnSteps("Objects or bucket deleted", _missing),
    Incident.CACHE: OwnSteps("Cache deleted", _missing),
    Incident.SECRET: OwnSteps("Secret deleted or wrong", _secret),
    Incident.SERVICE: OwnSteps("Service deleted or stopped by hand", _service, _difference),
    Incident.REGISTRY: OwnSteps("Registry or image deleted", _images, _images_before),
    Incident.KEY: OwnSteps("Encryption key or vault of the stack deleted", _missing),
    Incident.STATE: OwnSteps("State backend lost", _state, rebuilds=False),
    Incident.SECRETS_KEY: OwnSteps("Key or passphrase of the stack's secrets lost", _secrets_key, rebuilds=False),
    Incident.BY_HAND: OwnSteps("Database restored or promoted by hand", _adopted, rebuilds=False),
}

ON_A_HOST: Mapping[Incident, OwnSteps] = {
    Incident.HOST: OwnSteps("Loss of the host", _host, rebuilds=False),
    Incident.DATABASE: OwnSteps("Volume of the database lost", _update),
    Incident.ROWS: OwnSteps("Rows of the database lost or wrong", lambda _site: (), rebuilds=False),
    Incident.BUCKET: OwnSteps("Volume of the object store lost", _update),
    Incident.CACHE: OwnSteps("Volume of the cache lost", _update),
    Incident.SECRET: OwnSteps("Secret wrong or lost", lambda site: _secret(site)[:1] + _update(site)),
    Incident.SERVICE: OwnSteps("Container deleted or stopped by hand", _update),
    Incident.REGISTRY: OwnSteps("Images deleted from the host", _update),
    Incident.STATE: OwnSteps("State under .local lost or damaged", _host_state, rebuilds=False),
    Incident.SECRETS_KEY: OwnSteps("Passphrase under .local lost", _host_passphrase, rebuilds=False),
}

ON_A_CLUSTER: Mapping[Incident, OwnSteps] = {
    Incident.ZONE: OwnSteps("Loss of a node or of a zone", _missing, _difference),
    Incident.REGION: OwnSteps("Loss of the cluster", _cluster, rebuilds=False),
    Incident.DATABASE: OwnSteps("Database deleted", _restored),
    Incident.ROWS: OwnSteps("Rows of the database lost or wrong", lambda _site: (), rebuilds=False),
    Incident.BUCKET: OwnSteps("Objects of the bucket deleted", _owner_of_bucket, rebuilds=False),
    Incident.CACHE: OwnSteps("Volume of the cache lost", _missing),
    Incident.SECRET: OwnSteps("Secret deleted or wrong", lambda site: _secret(site)[:1] + _update(site)),
    Incident.SERVICE: OwnSteps("Deployment or pod deleted by hand", _missing, _difference),
    Incident.REGISTRY: OwnSteps("Image deleted from its registry", _update),
    Incident.STATE: OwnSteps("State backend lost", _state, rebuilds=False),
    Incident.SECRETS_KEY: OwnSteps("Key or passphrase of the stack's secrets lost", _secrets_key, rebuilds=False),
}
