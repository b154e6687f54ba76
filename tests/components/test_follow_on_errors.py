"""One mistake is one error: rules do not judge what a refused key left behind."""

from collections.abc import Mapping

import pytest

from automation.stack.document import with_values
from components.validation.parse import parse
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import Raw
from tests.planning import DROP

SMALL: Raw = {
    "cloud": "aws",
    "aws": {"region": "us-west-2", "account_id": "111122223333"},
    "profile": "development",
    "network": {"zones": 2, "private_endpoints": False},
    "ingress": {"domain": "agents.example.com"},
    "services": {
        "web": {"app": "fastapi", "image": "ghcr.io/acme/web:1.0", "path": "/", "uses": ["database"]},
        "chat": {"app": "fastapi", "image": "ghcr.io/acme/chat:1.0", "calls": ["web"]},
    },
    "database": {"high_availability": False},
}
"""Platform that production would refuse in many keys."""
FOLLOW_ON: dict[str, tuple[Mapping[str, object], str]] = {
    "a misspelt profile is not production": ({"profile": "dev"}, "profile"),
    "no services are no lack of a path or of production's domain": ({"services": DROP, "profile": DROP}, "services"),
    "services that are a list": ({"services": ["web"]}, "services"),
    "a service that is a word, which another one calls": ({"services.web": "fastapi"}, "services.web"),
    "a path without its slash, which the domain needs": ({"services.web.path": "api"}, "services.web.path"),
    "a database that is a word, which a service uses": ({"database": "postgres"}, "database"),
    "a misspelt database, which a service uses": ({"database": DROP, "postgres": {}}, "postgres"),
    "a misspelt cloud": ({"cloud": "amazon"}, "cloud"),
    "a misspelt block of the cloud": ({"aws": DROP, "awz": {"region": "us-west-2"}}, "awz"),
    "a region that does not exist": ({"aws.region": "Oregon"}, "aws.region"),
    "a misspelt app, without which there is no port": ({"services.web.app": "fastap"}, "services.web.app"),
    "a disk size that is text": (
        {"database.storage_gib": "large", "database.max_storage_gib": 30},
        "database.storage_gib",
    ),
}
"""Changes of the small platform with one error each, in a key that other rules read."""


@pytest.mark.parametrize(("changes", "key"), FOLLOW_ON.values(), ids=FOLLOW_ON)
def test_an_error_has_no_follow_on_errors(changes: Mapping[str, object], key: str) -> None:
    with pytest.raises(InvalidConfiguration) as invalid:
        parse(with_values(SMALL, changes), "dev")
    assert [diagnostic.key for diagnostic in invalid.value.diagnostics] == [key]
