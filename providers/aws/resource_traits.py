"""What holds something on AWS, which task definition a service runs, which password can be made anew.

ECS goes back by itself to the task definition before when new copies do not become healthy: the service then names
the old one, whatever was asked for.
"""

from providers.contract.resource_traits import (
    CACHE_PASSWORD,
    DATABASE_PASSWORD,
    ReplacingChange,
    ResourceTraits,
    RotatablePassword,
    ServiceType,
    StatefulType,
)

RESOURCE_TRAITS = ResourceTraits(
    stateful=(
        StatefulType("aws:rds/instance:Instance", "the database and its automated backups"),
        StatefulType("aws:s3/bucket:Bucket", "the objects of the bucket, in all versions"),
        StatefulType("aws:kms/key:Key", "the key of everything that is encrypted with it"),
        StatefulType("aws:ec2/vpc:Vpc", "the network and the addresses of all that stands in it"),
        StatefulType("aws:ec2/subnet:Subnet", "a part of the network and the addresses of all that stands in it"),
        StatefulType("aws:ec2/eip:Eip", "the address that others see and may have allowed"),
        StatefulType("aws:elasticache/replicationGroup:ReplicationGroup", "the contents of the cache"),
        StatefulType(
            "aws:secretsmanager/secret:Secret", "a secret in all versions, and its name for the recovery time"
        ),
        StatefulType("aws:ecr/repository:Repository", "the images that services run and that a rollback needs"),
        StatefulType("aws:lb/loadBalancer:LoadBalancer", "the entry address that names point at"),
    ),
    running=(ServiceType("aws:ecs/service:Service", "taskDefinition", "taskDefinition", wanted_in="inputs"),),
    losing=(
        ReplacingChange("network.cidr", "aws:ec2/vpc:Vpc", "a network has its first range of addresses for life"),
        ReplacingChange("network.cidr", "aws:ec2/subnet:Subnet", "a subnet has its range for life"),
        ReplacingChange(
            "network.zones", "aws:ec2/subnet:Subnet", "fewer zones need fewer subnets, and those left move up"
        ),
    ),
    passwords=(
        RotatablePassword(DATABASE_PASSWORD, "Database", "database"),
        # ElastiCache takes a new one beside the old one, which the next but one drives out (ROTATION in cache.py)
        RotatablePassword(CACHE_PASSWORD, "Cache", "cache", rounds=2),
    ),
)
