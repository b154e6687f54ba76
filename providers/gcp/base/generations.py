"""Suffix of names that Google Cloud reserves after a deletion, so that a stack can be created again after `destroy`.

Pulumi generates the names of most resources, with a suffix that is new for each resource. A few types have a fixed name that
stays reserved; theirs ends with a generation: six hexadecimal digits that live in the state and end with the stack. A
resource that an earlier release named without a generation keeps its name (`ignore_changes`), because another name
would replace it.
"""

from collections.abc import Mapping

import pulumi
import pulumi_random as random

from providers.contract.component import Scope

GENERATION_BYTES = 3
RESERVED_DAYS: Mapping[str, int] = {
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": 30,
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": 7,
    "gcp:projects/iAMCustomRole:IAMCustomRole": 37,
    "gcp:sql/databaseInstance:DatabaseInstance": 7,
}
"""Days for which a deleted object keeps a name that the program sets, by type: IAM API, `workloadIdentityPools.delete`; Cloud
Logging API, `buckets.delete`; IAM documentation, "Create and manage custom roles" (7 days until the deletion, 30 for it); Cloud
SQL documentation, "Delete instances"."""
FREE_AT_ONCE = frozenset(
    {
        "gcp:artifactregistry/repository:Repository",
        "gcp:cloudrunv2/job:Job",
        "gcp:cloudrunv2/service:Service",
        "gcp:cloudrunv2/workerPool:WorkerPool",
        "gcp:cloudscheduler/job:Job",
        "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
        "gcp:logging/logScope:LogScope",
        "gcp:logging/metric:Metric",
        "gcp:logging/projectExclusion:ProjectExclusion",
        "gcp:logging/projectSink:ProjectSink",
        "gcp:logging/savedQuery:SavedQuery",
        "gcp:monitoring/genericService:GenericService",
        "gcp:secretmanager/secret:Secret",
        "gcp:serviceaccount/account:Account",
        "gcp:sql/database:Database",
        "gcp:sql/user:User",
        "gcp:workflows/workflow:Workflow",
    }
)
"""Types with a name that the program sets and that is free as soon as the object, or the object that contains it, is gone."""


def generation(scope: Scope, part: str) -> pulumi.Output[str]:
    """Return the generation of the resource `part`."""
    return random.RandomId(scope.named(f"{part}-generation"), byte_length=GENERATION_BYTES, opts=scope.opts()).hex
