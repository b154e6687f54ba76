"""An additional cache with the real engine: it is created beside the first one, which stays as it is."""

import pytest

from tests.engine.project import EngineProject
from tests.planning import POSSIBLE, production

NAMED = {
    "caches.answers": {"memory_gib": 1, "high_availability": False},
    "services.chat.uses": ["database", "caches.answers"],
}


@pytest.mark.long(reason="an update on each cloud; tests/contract/test_caches.py compares plans")
def test_an_additional_cache_is_created_beside_the_first_one(deployed_copy: EngineProject, cloud: str) -> None:
    known = {(item.token, item.name) for item in deployed_copy.cloud.objects()}
    risks = production(POSSIBLE.get(cloud, {}), cloud).get("accept_risk", {})
    assert isinstance(risks, dict)
    accepted = {**risks, "caches.answers.high_availability": "answers are computed again"}
    deployed_copy.write(production({**NAMED, "accept_risk": accepted}, cloud))
    deployed_copy.set_missing_secrets()
    deployed_copy.up()
    created = {(item.token, item.name) for item in deployed_copy.cloud.objects()} - known
    assert {name for _, name in created if "cache" in name}
    assert all("answers" in name or "-compute-chat" in name for _, name in created), created
    changed = {name for verb in ("update", "delete") for _, name in deployed_copy.cloud.calls(verb)}
    assert not [name for name in changed if name.startswith("prod-cache")]
    deleted = {name for _, name in deployed_copy.cloud.calls("delete")}
    assert all("-compute-chat" in name for name in deleted), "services that use the cache alone have a new revision"
    assert "unchanged" in deployed_copy.up("--expect-no-changes")
