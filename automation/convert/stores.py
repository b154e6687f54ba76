"""Databases, caches and buckets of a CloudFormation template, as sections of the stack file."""

from automation.convert.conversion import Conversion
from automation.convert.template import Resource, Template
from providers.aws.database.sizes import DATABASE_CLASSES
from providers.contract.json_data import Raw

CLASS_SIZES = {each.name: {"vcpu": each.vcpu, "memory_gib": each.memory_gib} for each in DATABASE_CLASSES}
MEMORY_PER_VCPU = {"t": 2, "m": 4, "r": 8, "x": 16}
"""GiB of a vCPU by the first letter of an instance family."""
VCPUS = {
    "micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32,
    "12xlarge": 48, "16xlarge": 64,
}  # fmt: skip
NEW_BUCKET = "a new private, encrypted bucket; copy the objects into it"
PUBLIC_DATABASE = "public database: on the platform it is in private subnets"
VERSIONS = ("14", "15", "16", "17", "18")
MIN_STORAGE_GIB = 20
DATABASES = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")
CACHES = ("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ServerlessCache")


def declare_stores(template: Template, conversion: Conversion) -> set[str]:
    """Declare the stores of a template and note each; return the names of their resources."""
    noted: set[str] = set()
    for resource in template.of_type(*DATABASES):
        _declare_database(resource, conversion)
        noted.add(resource.name)
    for resource in template.of_type(*CACHES):
        _declare_cache(resource, conversion)
        noted.add(resource.name)
    for resource in template.of_type("AWS::S3::Bucket"):
        if "storage" in conversion.sections:
            conversion.omit(resource.name, "a platform has one bucket; keep this one in its template")
        else:
            conversion.sections["storage"] = Raw()
            conversion.adjust(resource.name, "storage", NEW_BUCKET)
        noted.add(resource.name)
    return noted


def _declare_database(resource: Resource, conversion: Conversion) -> None:
    name, engine = resource.name, resource.text("Engine")
    if resource.text("DBClusterIdentifier") and "database" in conversion.sections:
        conversion.omit(name, "an instance of the cluster; database.high_availability adds a standby")
        return
    if "postgres" not in engine:
        conversion.omit(
            name,
            f"the platform has PostgreSQL only, not {engine or 'this engine'}; list it under services.<name>.egress",
        )
        return
    if "database" in conversion.sections:
        conversion.omit(name, "a platform has one database; another stack can have the second one")
        return
    database = database_section(
        resource.text("EngineVersion"), resource.text("DBInstanceClass"), resource.number("AllocatedStorage")
    )
    if resource.is_true("MultiAZ"):
        database["high_availability"] = True
    retention = resource.number("BackupRetentionPeriod")
    if retention:
        database["backup"] = {"retention_days": retention}
    conversion.sections["database"] = database
    kind = "Aurora becomes Amazon RDS for PostgreSQL" if "aurora" in engine else "a new server on Amazon RDS"
    conversion.adjust(name, "database", f"{kind}; move the data with pg_dump or logical replication")
    _note_weaknesses(resource, conversion)


def _note_weaknesses(resource: Resource, conversion: Conversion) -> None:
    """Name what the template leaves open, none of which the platform repeats."""
    name = resource.name
    if resource.is_true("PubliclyAccessible"):
        conversion.omit(f"{name}.PubliclyAccessible", PUBLIC_DATABASE)
    password = resource.text("MasterUserPassword")
    if password and "<" not in password and not password.startswith("{{resolve:"):
        reason = "plain password in the template: it is not copied, and everybody who reads the template knows it"
        conversion.omit(f"{name}.MasterUserPassword", reason)
    if not resource.is_true("StorageEncrypted") and resource.type == DATABASES[0]:
        conversion.adjust(f"{name}.StorageEncrypted", "database", "unencrypted disk: the platform encrypts it")


def _declare_cache(resource: Resource, conversion: Conversion) -> None:
    if resource.text("Engine", "redis") == "memcached":
        conversion.omit(resource.name, "the platform has a Redis-compatible cache, not Memcached")
    elif "cache" in conversion.sections:
        conversion.omit(resource.name, "a platform has one cache")
    else:
        is_available = resource.is_true("AutomaticFailoverEnabled")
        conversion.sections["cache"] = Raw({"high_availability": True}) if is_available else Raw()
        conversion.adjust(resource.name, "cache", "a new cache with TLS and a password; its content is not moved")


def database_section(version: str, instance_class: str, storage_gib: int | None) -> Raw:
    """Return version, size and disk of a server on Amazon RDS as the section of the stack file has them."""
    database: Raw = {}
    major = version.partition(".")[0]
    if major in VERSIONS:
        database["version"] = major
    size = database_size(instance_class)
    if size:
        database["size"] = size
    if storage_gib:
        smallest = max(storage_gib, MIN_STORAGE_GIB)
        database |= {"storage_gib": smallest, "max_storage_gib": 2 * smallest}
    return database


def database_size(instance_class: str) -> dict[str, int]:
    """Return vCPU and GiB of an RDS instance class such as `db.t3.medium`; empty for one that is not known."""
    if instance_class in CLASS_SIZES:
        return CLASS_SIZES[instance_class]
    _, _, rest = instance_class.partition(".")
    family, _, size = rest.partition(".")
    if size not in VCPUS or family[:1] not in MEMORY_PER_VCPU:
        return {}
    small = {"micro": 1, "small": 2, "medium": 4}
    vcpus = VCPUS[size]
    return {"vcpu": vcpus, "memory_gib": small.get(size, vcpus * MEMORY_PER_VCPU[family[:1]])}
