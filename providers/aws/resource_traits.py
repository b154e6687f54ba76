"""What holds something on AWS, which task definition a service runs, which password can be made anew.

ECS goes back by itself to the task definition before when new copies do not become healthy: the service then names
the old one, whatever was asked for.
"""

from providers.contract.resource_traits import (
    CACHE_PASSWORD,
    DATABASE_PASSWORD,
    Losing,
    Operations,
    Password,
    Running,
    Stateful,
)

OPERATIONS = Operations(
    stateful=(
        Stateful("aws:rds/instance:Instance", "the database and its automated backups"),
        Stateful("aws:s3/bucket:Bucket", "the objects of the bucket, in all versions"),
        Stateful("aws:kms/key:Key", "the key of everything that is encrypted with it"),
        Stateful("aws:ec2/vpc:Vpc", "the network and the addresses of all that stands in it"),
        Stateful("aws:ec2/subnet:Subnet", "a part of the network and the addresses of all that stands in it"),
        Stateful("aws:ec2/eip:Eip", "the address that others see and may have allowed"),
        Stateful("aws:elasticache/replicationGroup:ReplicationGroup", "the contents of the cache"),
        Stateful("aws:secretsmanager/secret:Secret", "a secret in all versions, and its name for the recovery time"),
        Stateful("aws:ecr/repository:Repository", "the images that services run and that a rollback needs"),
        Stateful("aws:lb/loadBalancer:LoadBalancer", "the entry address that names point at"),
    ),
    running=(Running("aws:ecs/service:Service", "taskDefinition", "taskDefinition", wanted_in="inputs"),),
    losing=(
        Losing("network.cidr", "aws:ec2/vpc:Vpc", "a network has its first range of addresses for life"),
        Losing("network.cidr", "aws:ec2/subnet:Subnet", "a subnet has its range for life"),
        Losing("network.zones", "aws:ec2/subnet:Subnet", "fewer zones need fewer subnets, and those left move up"),
    ),
    passwords=(
        Password(DATABASE_PASSWORD, "Database", "database"),
        # ElastiCache takes a new one beside the old one, which the next but one drives out (ROTATION in cache.py)
        Password(CACHE_PASSWORD, "Cache", "cache", rounds=2),
    ),
)
