"""Recovery of the database and of a region on Google Cloud. Pure.

A clone has the labels of its source, and a name that begins like it, by which `agent-platform recover` imports it.
"""

from providers.contract.recovery_plan import CloudCommand, CloudSteps, RecoverySite, Step

DELETIONS = 'protoPayload.methodName="cloudsql.instances.delete"'


def gcloud(site: RecoverySite, *arguments: str, sets: str = "") -> CloudCommand:
    """Command of the Google Cloud CLI for the project of the stack."""
    project = site.spec.gcp.project if site.spec.gcp else ""
    return CloudCommand(("gcloud", *arguments, f"--project={project}"), sets)


def find_instance(site: RecoverySite) -> CloudCommand:
    """Command that finds the instance of the database."""
    name = f"--filter=name~^{site.stack}-database-"
    return gcloud(site, "sql", "instances", "list", name, "--format=value(name)", "--limit=1", sets="INSTANCE")


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
    if not site.standby or site.spec.database is None:
        return CloudSteps(detect=(detect,))
    backups = gcloud(
        site, "sql", "backups", "list", "--instance=-", f"--filter=instance~^{site.stack}-database- AND location={site.standby}",
        "--sort-by=~endTime", "--limit=5",
    )  # fmt: skip
    assess = Step(f"Backups in {site.standby}, and their times.", commands=(backups,))
    target = gcloud(
        site,
        "sql",
        "instances",
        "list",
        "--filter=name~^$NEW_STACK-database-",
        "--format=value(name)",
        "--limit=1",
        sets="TARGET",
    )
    restored = gcloud(
        site,
        "sql",
        "backups",
        "restore",
        "$BACKUP_ID",
        "--restore-instance=$TARGET",
        "--backup-instance=$DELETED_INSTANCE",
        "--quiet",
    )
    restore = Step(
        "Restore the backup over the empty database of the new stack; DELETED_INSTANCE is the instance of the lost region.",
        commands=(backups, target, restored),
    )
    return CloudSteps(detect=(detect,), assess=(assess,), after=(restore,), without_tool=(restore,))


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
