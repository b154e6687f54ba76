"""State of a stack with a generated password, a listed secret and three services."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from automation.deploy.changes import ResourceChange
from automation.plan.inventory import Value
from automation.urn import Urn
from providers.contract.resource_traits import PASSWORD_TYPE
from tests.automation.event_fixtures import urn_of

NOON = datetime(2031, 5, 17, 12, tzinfo=UTC)
SECRET_NAME = "OPENAI_API_KEY"  # a name
SECRET_VERSION = "gcp:secretmanager/secretVersion:SecretVersion"  # a type
PASSWORD = urn_of(PASSWORD_TYPE, "prod-database-password")
DATABASE_URL = urn_of(SECRET_VERSION, "prod-database-database-url-value")
LISTED_SECRET = urn_of(SECRET_VERSION, f"prod-secrets-{SECRET_NAME}-value", "Secrets")
BUCKET = urn_of("gcp:storage/bucket:Bucket", "prod-storage", "Storage")
SERVICE = "gcp:cloudrunv2/service:Service"
GATEWAY, CHAT = (urn_of(SERVICE, f"prod-compute-{name}", "Compute") for name in ("gateway", "chat"))
WORKER = urn_of("gcp:cloudrunv2/workerPool:WorkerPool", "prod-compute-worker", "Compute")


def resource(
    urn: Urn, *dependencies: Urn, created: datetime = NOON - timedelta(days=9), **fields: Value
) -> Mapping[str, Value]:
    timestamp = f"{created:%Y-%m-%dT%H:%M:%S}.123456789Z"
    return {"urn": urn, "dependencies": list(dependencies), "created": timestamp, **fields}


STATE = [
    resource(BUCKET),
    resource(PASSWORD),
    resource(DATABASE_URL, PASSWORD),
    resource(LISTED_SECRET),
    {"urn": GATEWAY, "propertyDependencies": {"template": [DATABASE_URL, LISTED_SECRET], "name": None}},
    resource(CHAT, DATABASE_URL),
    resource(WORKER, DATABASE_URL),
]


def change(urn: Urn, operation: str = "update") -> ResourceChange:
    return ResourceChange(urn, operation)
