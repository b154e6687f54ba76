"""Recovery of the database and of a region on AWS. Pure.

A restored instance has an ID that the state does not know, so a deleted database is restored under its identifier and
imported by `agent-platform recover`; lost rows are copied back from an instance beside the stack's, which is kept.
"""

from providers.aws.recovery.commands import aws, database, find_bucket, find_by_name, tag_arguments
from providers.aws.recovery.warm import warm_steps
from providers.contract.recovery_plan import CloudCommand, CloudSteps, RecoverySite, Step

BACKUPS = ("rds", "describe-db-instance-automated-backups")
INSTANCE_STATE = "DBInstances[0].[DBInstanceStatus,AvailabilityZone,SecondaryAvailabilityZone,LatestRestorableTime]"


def instance_state(site: RecoverySite) -> CloudCommand:
    """Command that prints status, zones and latest restorable time of the database."""
    return _instance(site, "describe-db-instances", database(site), "--query", INSTANCE_STATE)


def zone_steps(site: RecoverySite) -> tuple[Step, ...]:
    """Steps for a database whose zone is lost."""
    spec = site.spec.database
    if spec is None:
        return ()
    name = database(site)
    if spec.high_availability:
        text = "If the database has not failed over after five minutes, force it; connections are closed for about a minute."
        return (
            Step(text, commands=(_instance(site, "reboot-db-instance", name, "--force-failover"), _wait(site, name))),
        )
    text = "The database has no standby. Delete it with its automated backups kept, and restore it into another zone."
    delete = (*_deletion(site, name, "--no-delete-automated-backups"), _wait(site, name, "deleted"))
    return (Step(text, commands=(*delete, *_restored(site))),)


def database_steps(site: RecoverySite) -> CloudSteps:
    """Steps for a deleted database."""
    window = "DBInstanceAutomatedBackups[].[Status,RestoreWindow.EarliestTime,RestoreWindow.LatestTime]"
    kept = aws(site, *BACKUPS, "--db-instance-identifier", database(site), "--query", window)
    restore = Step(
        "Restore the database under its identifier. Its address is the same, so the services find it.",
        commands=_restored(site),
    )
    return CloudSteps(
        detect=(Step("An error here states that the instance does not exist.", commands=(instance_state(site),)),),
        assess=(Step("Times to which the database can be restored.", commands=(kept,)),),
        recover=(restore,),
        without_tool=(restore,),
    )


def rows_steps(site: RecoverySite) -> CloudSteps:
    """Steps for lost or wrong rows."""
    beside = f"{database(site)}-restored"
    source = ("--source-db-instance-identifier", database(site), "--restore-time", "$RESTORE_TIME")
    restore = Step(
        "Restore the database beside that of the stack, to the time before the fault.",
        commands=(*_restore(site, site.stack, beside, source), _address(site, beside)),
    )
    delete = Step("Delete the instance beside it when the rows are right.", commands=_deletion(site, beside))
    return CloudSteps(
        assess=(Step("Latest time to which the database can be restored.", commands=(instance_state(site),)),),
        recover=(restore,),
        verify=(delete,),
        without_tool=(restore,),
    )


def region_steps(site: RecoverySite) -> CloudSteps:
    """Steps for a lost region."""
    health = aws(
        site, "rds", "describe-db-instances", "--query", "DBInstances[].[DBInstanceIdentifier,DBInstanceStatus]"
    )
    detect = Step(
        "The region does not answer; compare with https://health.aws.amazon.com/health/status.", commands=(health,)
    )
    if site.spec.recovery.mode == "warm":
        return warm_steps(site, detect)
    if not site.standby or site.spec.database is None:
        return CloudSteps(detect=(detect,))
    copies = "DBInstanceAutomatedBackups[].[DBInstanceIdentifier,Status,RestoreWindow.LatestTime]"
    assess = Step(
        f"Copies of the database in {site.standby}, and the time to which they reach.",
        commands=(aws(site, *BACKUPS, "--query", copies, region=site.standby),),
    )
    there = RecoverySite(site.stack, site.spec, site.standby, resources=site.resources)
    beside = "$NEW_STACK-database-restored"
    latest = ("--source-db-instance-automated-backups-arn", "$BACKUP", "--use-latest-restorable-time")
    restore = Step(
        f"Restore the copy of the database in {site.standby}, in the network of the new stack.",
        commands=(_find_backup(there), *_restore(there, "$NEW_STACK", beside, latest), _address(there, beside)),
    )
    steps = (*_objects(there), restore)
    return CloudSteps(detect=(detect,), assess=(assess,), after=steps, without_tool=steps)


def _objects(site: RecoverySite) -> tuple[Step, ...]:
    """Step that copies the objects of the standby region into the bucket of the new stack there."""
    if site.spec.storage is None:
        return ()
    find = (
        find_bucket(site, f"{site.stack}-{site.region}-storage", "COPIES"),
        find_bucket(site, "$NEW_STACK-storage", "BUCKET"),
    )
    sync = aws(site, "s3", "sync", "s3://$COPIES", "s3://$BUCKET", "--only-show-errors")
    return (
        Step(f"Copy the objects from the bucket in {site.region} into that of the new stack.", commands=(*find, sync)),
    )


def _instance(site: RecoverySite, action: str, identifier: str, *arguments: str, sets: str = "") -> CloudCommand:
    return aws(site, "rds", action, "--db-instance-identifier", identifier, *arguments, sets=sets)


def _wait(site: RecoverySite, identifier: str, state: str = "available") -> CloudCommand:
    """Command that waits for a state of an instance, at most half an hour; it can be repeated."""
    return aws(site, "rds", "wait", f"db-instance-{state}", "--db-instance-identifier", identifier)


def _deletion(site: RecoverySite, identifier: str, *arguments: str) -> tuple[CloudCommand, ...]:
    return (
        _instance(site, "modify-db-instance", identifier, "--no-deletion-protection", "--apply-immediately"),
        _instance(site, "delete-db-instance", identifier, "--skip-final-snapshot", *arguments),
    )


def _address(site: RecoverySite, identifier: str) -> CloudCommand:
    query = ("--query", "DBInstances[0].Endpoint.Address")
    return _instance(site, "describe-db-instances", identifier, *query, sets="RESTORED_HOST")


def _find_backup(site: RecoverySite) -> CloudCommand:
    newest = (
        f"DBInstanceAutomatedBackups[?DBInstanceIdentifier=='{database(site)}'].DBInstanceAutomatedBackupsArn | [0]"
    )
    return aws(site, *BACKUPS, "--query", newest, sets="BACKUP")


def _restored(site: RecoverySite) -> tuple[CloudCommand, ...]:
    """Commands that restore the database under its identifier, with the tags by which `recover` finds it."""
    spec = site.spec.database
    standby = "--multi-az" if spec is not None and spec.high_availability else "--no-multi-az"
    latest = ("--source-db-instance-automated-backups-arn", "$BACKUP", "--use-latest-restorable-time")
    options = (standby, "--deletion-protection", *tag_arguments(site.stack))
    return (_find_backup(site), *_restore(site, site.stack, database(site), latest, options))


def _restore(
    site: RecoverySite,
    stack: str,
    identifier: str,
    source: tuple[str, ...],
    options: tuple[str, ...] = ("--no-multi-az",),
) -> tuple[CloudCommand, ...]:
    """Commands that restore an instance in the network of a stack; RDS would use the default VPC and parameters."""
    groups = (
        "--filters", f"Name=tag:stack,Values={stack}", f"Name=group-name,Values={stack}-network-database-*", "--query",
        "SecurityGroups[0].GroupId",
    )  # fmt: skip
    restore = (
        "rds", "restore-db-instance-to-point-in-time", *source, "--target-db-instance-identifier", identifier,
        "--db-subnet-group-name", "$SUBNETS", "--db-parameter-group-name", "$PARAMETERS", "--vpc-security-group-ids",
        "$GROUP", "--no-publicly-accessible", "--copy-tags-to-snapshot", "--query", "DBInstance.DBInstanceStatus", *options,
    )  # fmt: skip
    subnets = ("rds", "describe-db-subnet-groups", "DBSubnetGroups")
    parameters = ("rds", "describe-db-parameter-groups", "DBParameterGroups")
    return (
        find_by_name(site, f"{stack}-database-subnets", subnets, "DBSubnetGroupName", "SUBNETS"),
        find_by_name(site, f"{stack}-database-parameters", parameters, "DBParameterGroupName", "PARAMETERS"),
        aws(site, "ec2", "describe-security-groups", *groups, sets="GROUP"),
        aws(site, *restore),
        _wait(site, identifier),
    )
