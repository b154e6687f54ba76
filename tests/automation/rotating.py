"""A small state with a password, a listed secret and three services, for the tests of rotations."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from automation.deploy.changes import ResourceChange
from automation.plan.inventory import Value
from providers.contract.resource_traits import PASSWORD_TYPE
from tests.automation.happening import urn_of

NOON = datetime(2031, 5, 17, 12, tzinfo=UTC)
KEY = "OPENAI_API_KEY"
PASSWORD_URN = urn_of(PASSWORD_TYPE, "prod-database-password")
URL = urn_of("gcp:secretmanager/secretVersion:SecretVersion", "prod-database-database-url-value")
LISTED = urn_of("gcp:secretmanager/secretVersion:SecretVersion", f"prod-secrets-{KEY}-value", "Secrets")
BUCKET = urn_of("gcp:storage/bucket:Bucket", "prod-storage", "Storage")
SERVICE = "gcp:cloudrunv2/service:Service"
GATEWAY, CHAT = (urn_of(SERVICE, f"prod-compute-{name}", "Compute") for name in ("gateway", "chat"))
WORKER = urn_of("gcp:cloudrunv2/workerPool:WorkerPool", "prod-compute-worker", "Compute")


def resource(
    urn: str, *needed: str, created: datetime = NOON - timedelta(days=9), **more: Value
) -> Mapping[str, Value]:
    return {"urn": urn, "dependencies": list(needed), "created": f"{created:%Y-%m-%dT%H:%M:%S}.123456789Z", **more}


STATE = [
    resource(BUCKET),
    resource(PASSWORD_URN),
    resource(URL, PASSWORD_URN),
    resource(LISTED),
    {"urn": GATEWAY, "propertyDependencies": {"template": [URL, LISTED], "name": None}},
    resource(CHAT, URL),
    resource(WORKER, URL),
]


def change(urn: str, operation: str = "update") -> ResourceChange:
    return ResourceChange(urn, operation)
