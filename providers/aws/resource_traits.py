"""Stateful types of AWS, the task definition that a service runs, and passwords that can be rotated.

ECS rolls back to the previous task definition when new tasks do not become healthy; the service then names the old
task definition instead of the requested one.
"""

from providers.contract.database_disk import DatabaseDisk
from providers.contract.resource_traits import (
    CACHE_PASSWORD,
    DATABASE_PASSWORD,
    STORES_TO_EXISTING,
    ReplacingChange,
    ResourceTraits,
    RotatablePassword,
    ServiceType,
    StatefulType,
    to_existing_registry,
)
from providers.contract.spec import DatabaseSpec


def database_disk(database: DatabaseSpec) -> DatabaseDisk:
    """Return the disk of the database server."""
    return DatabaseDisk("aws:rds/instance:Instance", "allocatedStorage", database.storage_gib)


RESOURCE_TRAITS = ResourceTraits(
    stateful=(
        StatefulType("aws:rds/instance:Instance", "the database and its automated backups"),
        StatefulType("aws:s3/bucket:Bucket", "the objects of the bucket, in all versions"),
        StatefulType("aws:kms/key:Key", "the key of everything that is encrypted with it"),
        StatefulType("aws:ec2/vpc:Vpc", "the network and the addresses of every resource in it"),
        StatefulType("aws:ec2/subnet:Subnet", "a part of the network and the addresses of every resource in it"),
        StatefulType("aws:ec2/eip:Eip", "the outbound address that third parties may have allowed"),
        StatefulType("aws:elasticache/replicationGroup:ReplicationGroup", "the contents of the cache"),
        StatefulType(
            "aws:secretsmanager/secret:Secret", "a secret in all versions, and its name for the recovery time"
        ),
        StatefulType("aws:ecr/repository:Repository", "the images that services run and that a rollback needs"),
        StatefulType("aws:backup/vault:Vault", "copies of database backups"),
        StatefulType(
            "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
            "the copying of automated backups and their logs",
        ),
        StatefulType("aws:lb/loadBalancer:LoadBalancer", "the entry address that DNS records point to"),
    ),
    running=(ServiceType("aws:ecs/service:Service", "taskDefinition", "taskDefinition", desired_in="inputs"),),
    losing=(
        *STORES_TO_EXISTING,
        *to_existing_registry("aws:ecr/repository:Repository"),
        ReplacingChange("network.cidr", "aws:ec2/vpc:Vpc", "the primary CIDR block of a VPC cannot change"),
        ReplacingChange("network.cidr", "aws:ec2/subnet:Subnet", "the CIDR block of a subnet cannot change"),
        *(
            ReplacingChange("network.existing", type_token, why)
            for type_token, why in (
                ("aws:ec2/vpc:Vpc", "the platform's own VPC is not part of an existing one"),
                ("aws:ec2/subnet:Subnet", "the subnets of the platform's own VPC are not part of an existing one"),
                ("aws:ec2/eip:Eip", "connections leave an existing VPC by the gateways of its owner"),
                ("aws:rds/instance:Instance", "the platform does not move a database to another VPC"),
                ("aws:elasticache/replicationGroup:ReplicationGroup", "a cache cannot move to another VPC"),
                ("aws:lb/loadBalancer:LoadBalancer", "a load balancer cannot move to another VPC"),
            )
        ),
        ReplacingChange("network.standby_cidr", "aws:ec2/vpc:Vpc", "the primary CIDR block of a VPC cannot change"),
        ReplacingChange("network.standby_cidr", "aws:ec2/subnet:Subnet", "the CIDR block of a subnet cannot change"),
        ReplacingChange(
            "network.zones",
            "aws:ec2/subnet:Subnet",
            "fewer zones need fewer subnets; subnets of removed zones are deleted",
        ),
        ReplacingChange(
            "recovery.retention_days",
            "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
            "the retention of copied automated backups cannot change",
        ),
        ReplacingChange("aws.standby_region", "*", "copies cannot move to another region; those there are deleted"),
        ReplacingChange("aws.zone_names", "aws:ec2/subnet:Subnet", "a subnet cannot move to another zone"),
    ),
    passwords=(
        RotatablePassword(DATABASE_PASSWORD, "Database", "database"),
        # ElastiCache keeps the previous password until the one after next is set (ROTATION in cache/resources.py)
        RotatablePassword(CACHE_PASSWORD, "Cache", "cache", rounds=2),
    ),
    database_version=("aws:rds/instance:Instance", "engineVersion"),
    replica_source=("aws:rds/instance:Instance", "replicateSourceDb"),
    disk=database_disk,
)
