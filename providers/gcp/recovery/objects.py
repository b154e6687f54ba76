"""Copies of objects to the bucket of the standby region, every hour.

A bucket cannot move to two regions, so a second bucket has the copies. Storage Transfer Service compares both buckets and
copies what is new or different, also objects from before the first run; it deletes nothing there. It runs as an account of
Google, which reads the source and writes the destination. Only actions that failed are logged, and an alarm counts them.

With services in the standby region there is a transfer in each direction, and only the one out of the region that serves is enabled:
the other one would copy older versions over newer ones.
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.base.resources import GcpBaseResources

INTERVAL_SECONDS = 3600
"""The shortest interval of Storage Transfer Service."""
FIRST_DAY = gcp.storage.TransferJobScheduleScheduleStartDateArgs(year=2026, month=1, day=1)
"""Day in the past: the first run is at the next midnight, UTC."""
SOURCE_ROLES = {"read": "roles/storage.objectViewer", "list": "roles/storage.legacyBucketReader"}
DESTINATION_ROLES = {"write": "roles/storage.objectUser", "describe": "roles/storage.legacyBucketReader"}
"""Storage Transfer Service documentation, "Agentless transfer permissions": permissions on both buckets."""
LOGGED_ACTIONS = ("COPY", "FIND")


@dataclass(frozen=True)
class Transfer:
    """Buckets of a transfer by name, the region of the second one, and whether it runs."""

    source: pulumi.Output[str]
    destination: pulumi.Output[str]
    region: str
    enabled: bool


def create_transfer(scope: Scope, base: GcpBaseResources, transfer: Transfer) -> pulumi.Output[str]:
    """Create the hourly transfer from one bucket to the other; return its name, `transferJobs/<number>`."""
    context, source, destination = base.context, transfer.source, transfer.destination
    agent = _transfer_agent(scope, base)
    grants = [
        gcp.storage.BucketIAMMember(
            scope.named(f"objects-{part}"), bucket=bucket, role=role, member=agent, opts=scope.opts()
        )
        for bucket, roles in ((source, SOURCE_ROLES), (destination, DESTINATION_ROLES))
        for part, role in roles.items()
    ]
    job = gcp.storage.TransferJob(
        scope.named("objects"),
        project=context.project,
        description=f"Copies objects of the stack {context.stack} to {transfer.region}",
        status="ENABLED" if transfer.enabled else "DISABLED",
        transfer_spec=gcp.storage.TransferJobTransferSpecArgs(
            gcs_data_source=gcp.storage.TransferJobTransferSpecGcsDataSourceArgs(bucket_name=source),
            gcs_data_sink=gcp.storage.TransferJobTransferSpecGcsDataSinkArgs(bucket_name=destination),
            transfer_options=gcp.storage.TransferJobTransferSpecTransferOptionsArgs(
                overwrite_when="DIFFERENT",
                delete_objects_unique_in_sink=False,
                delete_objects_from_source_after_transfer=False,
            ),
        ),
        schedule=gcp.storage.TransferJobScheduleArgs(
            schedule_start_date=FIRST_DAY, repeat_interval=f"{INTERVAL_SECONDS}s"
        ),
        logging_config=gcp.storage.TransferJobLoggingConfigArgs(
            log_actions=list(LOGGED_ACTIONS), log_action_states=["FAILED"]
        ),
        # the service checks its access to both buckets when the job is created
        opts=scope.opts(depends_on=grants),
    )
    return job.name


def _transfer_agent(scope: Scope, base: GcpBaseResources) -> pulumi.Output[str]:
    """Reading the account of Storage Transfer Service creates it.

    Its API is enabled here, not with the others: a preview reads the account once the API is enabled, and the provider of a
    stack that exists does not wait for that.
    """
    project = base.context.project
    enabled = gcp.projects.Service(
        scope.named("storagetransfer"),
        project=project,
        service="storagetransfer.googleapis.com",
        disable_on_destroy=False,
        opts=scope.opts(),
    )
    return gcp.storage.get_transfer_project_service_account_output(
        project=project, opts=pulumi.InvokeOutputOptions(parent=scope.parent, depends_on=[enabled])
    ).member
