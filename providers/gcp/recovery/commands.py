"""Commands of the Google Cloud CLI that the recovery plan shares: lookups of names that Pulumi completes. Pure."""

from providers.contract.recovery_plan import CloudCommand, RecoverySite


def gcloud(site: RecoverySite, *arguments: str, sets: str = "") -> CloudCommand:
    """Command of the Google Cloud CLI for the project of the stack."""
    project = site.spec.gcp.project if site.spec.gcp else ""
    return CloudCommand(("gcloud", *arguments, f"--project={project}"), sets)


def find_instance(site: RecoverySite) -> CloudCommand:
    """Command that finds the instance of the database."""
    name = f"--filter=name~^{site.stack}-database-"
    return gcloud(site, "sql", "instances", "list", name, "--format=value(name)", "--limit=1", sets="INSTANCE")


def find_bucket(site: RecoverySite, logical: str, sets: str = "BUCKET") -> CloudCommand:
    """Command that finds the bucket whose name begins with a logical name."""
    name = f"--filter=name~^{logical}-[0-9a-f]+$"
    return gcloud(site, "storage", "buckets", "list", name, "--format=value(name)", "--limit=1", sets=sets)
