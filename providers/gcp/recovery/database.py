"""Recovery of the database and of a region on Google Cloud. Pure.

A clone has the labels of its source, and a name that begins like it, by which `agent-platform recover` imports it.
"""

from providers.contract.recovery_plan import CloudCommand, CloudSteps, RecoverySite, Step
from providers.gcp.naming import DATABASE_NAME, USERNAME
from providers.gcp.recovery.commands import find_bucket, find_instance, gcloud
from providers.gcp.recovery.warm import warm_steps

DELETIONS = 'protoPayload.methodName="cloudsql.instances.delete"'


def instance_state(site: RecoverySite) -> CloudCommand:
    """Command that prints state and zones of the instance."""
    fields = "--format=value(state,gceZone,secondaryGceZone,settings.availabilityType)"
    return gcloud(site, "sql", "instances", "describe", "$INSTANCE", fields)


def zone_step(site: RecoverySite) -> Step:
    """Step for a database whose zone is lost."""
    if site.spec.database is not None and site.spec.database.high_availability:
        text = "If the database has not failed over after five minutes, start it; connections are closed for about a minute."
        failover = gcloud(site, "sql", "instances", "failover", "$INSTANCE", "--quiet")
        return Step(text, commands=(find_instance(site), failover))
    text = "The database has no standby. Clone it into another zone, and continue as for a database restored by hand."
    latest = gcloud(
        site,
        "sql",
        "instances",
        "get-latest-recovery-time",
        "$INSTANCE",
        "--format=value(latestRecoveryTime)",
        sets="LATEST",
    )
    return Step(text, commands=(find_instance(site), latest, _clone(site, "$INSTANCE", "$LATEST")))


def _clone(site: RecoverySite, source: str, time: str, *options: str) -> CloudCommand:
    return gcloud(site, "sql", "instances", "clone", source, _beside(site), f"--point-in-time={time}", *options)


def _beside(site: RecoverySite) -> str:
    """Name of a restored instance; it begins like that of the stack's, so that `recover` matches it."""
    return f"{site.stack}-database-restored"


def region_steps(site: RecoverySite) -> CloudSteps:
    """Steps for a lost region."""
    detect = Step(
        "The region does not answer; compare with https://status.cloud.google.com.",
        commands=(gcloud(site, "run", "services", "list", f"--region={site.region}"),),
    )
    if not site.standby:
        return CloudSteps(detect=(detect,))
    if site.spec.recovery.mode == "warm":
        return warm_steps(site, detect)
    assess = (_newest_export(site),) if site.spec.database is not None else ()
    steps = (*_copied_objects(site), *_imported_export(site))
    return CloudSteps(detect=(detect,), assess=assess, after=steps, without_tool=steps)


def find_exports(site: RecoverySite) -> CloudCommand:
    """Command that finds the bucket of the exports in the standby region."""
    return find_bucket(site, f"{site.stack}-{site.standby}-recovery-database", "EXPORTS")


def _newest_export(site: RecoverySite) -> Step:
    """Step that finds the newest export; names are times, so their order is that of the exports."""
    listed = gcloud(
        site, "storage", "objects", "list", "gs://$EXPORTS/*.sql.gz", "--sort-by=~name", "--limit=1",
        "--format=value(name)", sets="EXPORT",
    )  # fmt: skip
    shown = gcloud(site, "storage", "objects", "describe", "gs://$EXPORTS/$EXPORT", "--format=value(name,size)")
    return Step(f"Newest export of the database in {site.standby}.", commands=(find_exports(site), listed, shown))


def _copied_objects(site: RecoverySite) -> tuple[Step, ...]:
    """Step that copies the objects of the standby region into the bucket of the new stack there."""
    if site.spec.storage is None:
        return ()
    find = (
        find_bucket(site, f"{site.stack}-{site.standby}-storage", "COPIES"),
        find_bucket(site, "$NEW_STACK-storage"),
    )
    copy = gcloud(site, "storage", "rsync", "gs://$COPIES", "gs://$BUCKET", "--recursive")
    text = f"Copy the objects from the bucket in {site.standby} into that of the new stack."
    return (Step(text, commands=(*find, copy)),)


def _imported_export(site: RecoverySite) -> tuple[Step, ...]:
    """Step that imports the newest export into the database of the new stack."""
    if site.spec.database is None:
        return ()
    name, fields = "--filter=name~^$NEW_STACK-database-", "--format=value(serviceAccountEmailAddress)"
    target = gcloud(
        site, "sql", "instances", "list", name, "--format=value(name)", "--limit=1", sets="TARGET"
    )  # fmt: skip
    account = gcloud(site, "sql", "instances", "describe", "$TARGET", fields, sets="ACCOUNT")
    grant = gcloud(
        site, "storage", "buckets", "add-iam-policy-binding", "gs://$EXPORTS",
        "--member=serviceAccount:$ACCOUNT", "--role=roles/storage.objectViewer",
    )  # fmt: skip
    imported = gcloud(
        site, "sql", "import", "sql", "$TARGET", "gs://$EXPORTS/$EXPORT", f"--database={DATABASE_NAME}",
        f"--user={USERNAME}", "--quiet",
    )  # fmt: skip
    text = "Import the newest export into the database of the new stack. It replaces tables that the services have created there."
    return (_newest_export(site), Step(text, commands=(target, account, grant, imported)))


def database_steps(site: RecoverySite) -> CloudSteps:
    """Steps for a deleted instance."""
    log = gcloud(
        site, "logging", "read", DELETIONS, "--limit=5", "--freshness=30d",
        "--format=table(timestamp,protoPayload.resourceName,protoPayload.authenticationInfo.principalEmail)",
    )  # fmt: skip
    deleted = "--source-instance-deletion-time=$DELETED_AT"
    latest = gcloud(
        site, "sql", "instances", "get-latest-recovery-time", "$DELETED_INSTANCE", deleted,
        "--format=value(latestRecoveryTime)", sets="LATEST",
    )  # fmt: skip
    restore = Step(
        "Clone the deleted instance at its latest time. The clone has the labels of the stack, by which `recover` finds it; "
        "its address is new, and `up` passes it to the services.",
        commands=(latest, _clone(site, "$DELETED_INSTANCE", "$LATEST", deleted)),
    )
    return CloudSteps(
        detect=(Step("Instances of the stack: none.", commands=(find_instance(site),)),),
        assess=(Step("Name of the deleted instance, and when and by whom it was deleted.", commands=(log,)),),
        recover=(restore,),
        without_tool=(restore,),
    )


def rows_steps(site: RecoverySite) -> CloudSteps:
    """Steps for lost or wrong rows."""
    address = gcloud(
        site,
        "sql",
        "instances",
        "describe",
        _beside(site),
        "--format=value(ipAddresses[0].ipAddress)",
        sets="RESTORED_HOST",
    )
    restore = Step(
        "Clone the database beside that of the stack, at the time before the fault.",
        commands=(find_instance(site), _clone(site, "$INSTANCE", "$RESTORE_TIME"), address),
    )
    delete = (
        gcloud(site, "sql", "instances", "patch", _beside(site), "--no-deletion-protection", "--quiet"),
        gcloud(site, "sql", "instances", "delete", _beside(site), "--quiet"),
    )
    return CloudSteps(
        assess=(
            Step(
                "Latest time to which the database can be restored.",
                commands=(
                    find_instance(site),
                    gcloud(site, "sql", "instances", "get-latest-recovery-time", "$INSTANCE"),
                ),
            ),
        ),
        recover=(restore,),
        verify=(Step("Delete the clone when the rows are right.", commands=delete),),
        without_tool=(restore,),
    )


def by_hand_steps(site: RecoverySite) -> CloudSteps:
    """Steps for an instance that was restored or promoted by hand."""
    listed = gcloud(
        site,
        "sql",
        "instances",
        "list",
        "--format=table(name,instanceType,masterInstanceName,state,settings.userLabels.list())",
    )
    labels = ("project=agent-platform", f"stack={site.stack}", "managed-by=pulumi")
    label = gcloud(site, "sql", "instances", "patch", "$RESTORED", f"--update-labels={','.join(labels)}", "--quiet")
    return CloudSteps(
        detect=(Step("Instances of the project; a promoted replica has no source any more.", commands=(listed,)),),
        recover=(
            Step(
                "Delete the old instance first, or take its labels away. Then give the restored one the labels of the stack, "
                "by which `recover` finds it.",
                commands=(label,),
            ),
        ),
    )
